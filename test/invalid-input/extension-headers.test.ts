// Values of headers that STOMP does not define: which of them the server accepts, and that none of them ends the session.
import { expect, it } from 'vitest';
import { createServer, EmbeddedBroker, memoryTransport, silentLogger } from '../../src/index.js';
import {
  connectStomp,
  type StompFrame,
  type StompHeaders,
  type StompVersion,
} from '../clients/stomp.js';

interface Case {
  readonly command: 'SUBSCRIBE' | 'NACK' | 'SEND';
  readonly header: string;
  readonly values: readonly string[];
  /** @default accepted */
  readonly refusedWith?: 'header-refused';
}

/** SUBSCRIBE and NACK ask the server for something; a wrong value is refused, because to ignore it could lose messages. */
const requests: readonly Case[] = [
  { command: 'SUBSCRIBE', header: 'prefetch-count', values: ['1', '1000', ' 10', '10 '] },
  {
    command: 'SUBSCRIBE',
    header: 'prefetch-count',
    values: ['', '0', '-1', '1.5', '1e1', 'many', '1001', '1 0'],
    refusedWith: 'header-refused',
  },
  {
    command: 'SUBSCRIBE',
    header: 'durable-subscription-name',
    values: ['without-client-id'],
    refusedWith: 'header-refused',
  },
  {
    command: 'NACK',
    header: 'requeue',
    values: ['true', 'false', 'True', 'FALSE', ' false', 'true '],
  },
  {
    command: 'NACK',
    header: 'requeue',
    values: ['', 'no', 'yes', '0', '1', 'null', 'truefalse'],
    refusedWith: 'header-refused',
  },
  {
    command: 'SEND',
    header: 'idempotency-key',
    values: ['x'.repeat(257)],
    refusedWith: 'header-refused',
  },
];

/** Headers of SEND are passed to the receivers, who may have another use for them, so a value that is not known has no effect. */
const messageHeaders: readonly Case[] = [
  { command: 'SEND', header: 'expires', values: ['', '0', '-1', 'soon', 'NaN'] },
  { command: 'SEND', header: 'persistent', values: ['', 'true', 'True', ' true', 'false', 'yes'] },
  { command: 'SEND', header: 'retain', values: ['', 'true', 'True', ' true', 'false', 'yes'] },
  { command: 'SEND', header: 'priority', values: ['', '9', 'high'] },
  { command: 'SEND', header: 'content-type', values: ['', 'nothing'] },
];

const versions: readonly StompVersion[] = ['1.0', '1.1', '1.2'];

const rows = [...requests, ...messageHeaders].flatMap(({ values, ...rest }) =>
  values.flatMap((value) =>
    versions.map((version) => ({ ...rest, version, value, refusedWith: rest.refusedWith })),
  ),
);

it.each(rows.filter(({ command, version }) => command !== 'NACK' || version !== '1.0'))(
  '$command with $header:$value in STOMP $version, refused: $refusedWith',
  async ({ command, header, value, version, refusedWith }) => {
    const transport = memoryTransport();
    const server = await createServer({
      transports: [transport],
      broker: new EmbeddedBroker({ retain: { byHeader: true } }),
      logger: silentLogger,
    });
    await server.start();
    const ann = await connectStomp(transport, { 'accept-version': version });
    await ann.subscribe('errors', '/user/queue/errors');
    await ann.subscribe('jobs', '/queue/jobs', { ack: 'client' });
    ann.publish('/queue/jobs');
    const { headers } = await ann.next('MESSAGE');
    const ack: StompHeaders =
      version === '1.2'
        ? { id: headers['ack'] }
        : { 'message-id': headers['message-id'], subscription: 'jobs' };
    const frame: Readonly<Record<Case['command'], StompHeaders>> = {
      SUBSCRIBE: { id: '1', destination: '/queue/x', ack: 'client' },
      NACK: ack,
      SEND: { destination: '/queue/x' },
    };

    const confirmed = ann
      .request(command, { ...frame[command], [header]: value })
      .then(() => undefined);
    confirmed.catch(() => {});
    const answer = refusedWith === undefined ? await confirmed : codeOf(await ann.next('MESSAGE'));

    expect(answer).toBe(refusedWith);
    expect(server.sessions.size).toBe(1);
    await server.close();
  },
);

function codeOf({ body }: StompFrame): unknown {
  return (JSON.parse(body) as { readonly code: unknown }).code;
}
