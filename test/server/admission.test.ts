// The limits of sessions and of connections that have not finished CONNECT.
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import {
  createServer,
  EmbeddedBroker,
  memoryTransport,
  MessagingError,
  silentLogger,
  type LimitOptions,
  type Server,
  type ServerOptions,
} from '../../src/index.js';
import { accountOf } from '../../src/message/quota.js';
import { Admission, type AdmissionLimits } from '../../src/server/admission.js';
import { testClock } from '../../src/testing.js';
import { connectStomp, openStomp } from '../clients/stomp.js';

const ann = { name: 'ann' };

function admission(given: Partial<AdmissionLimits> = {}, hasUsers = false) {
  const warnings: string[] = [];
  const clock = testClock();
  const subject = new Admission({
    limits: {
      maxSessions: 100,
      maxSessionsPerUser: 2,
      maxSessionsPerAddress: 2,
      maxHandshakes: 100,
      shares: 1,
      ...given,
    },
    clock,
    logger: { ...silentLogger, warn: (text: string) => void warnings.push(text) },
    hasUsers,
  });
  const open = (principal: { name: string } | undefined, address: string) =>
    subject.open(accountOf(principal, address), principal);
  return { subject, open, clock, warnings };
}

describe('the limit of handshakes', () => {
  it('gives each address a share, and ends with the handshake', () => {
    const { subject } = admission({ maxHandshakes: 4, shares: 2 });
    const end = subject.begin('10.0.0.1');
    subject.begin('10.0.0.1');
    expect(subject.refusal('10.0.0.1')).toEqual({ code: 'handshake-limit', excess: 'share' });
    expect(subject.refusal('10.0.0.2')).toBeUndefined();
    end();
    end();
    expect(subject.refusal('10.0.0.1')).toBeUndefined();
    for (let i = 0; i < 3; i++) subject.begin(`10.0.1.${i}`);
    expect(subject.refusal('10.0.0.2')).toEqual({ code: 'handshake-limit', excess: 'limit' });
  });
});

describe('the limits of sessions', () => {
  it('bound the sessions of a user, wherever they come from', () => {
    const { open } = admission();
    open(ann, '10.0.0.1');
    const end = open(ann, '10.0.0.2');
    expect(() => open(ann, '10.0.0.3')).toThrow('as many sessions as one client may have');
    open({ name: 'bob' }, '10.0.0.1');
    end();
    open(ann, '10.0.0.3');
  });

  it('bound the anonymous sessions of an address', () => {
    const { open } = admission({ maxSessionsPerUser: 3 });
    open(undefined, '10.0.0.1');
    open(undefined, '10.0.0.1');
    expect(() => open(undefined, '10.0.0.1')).toThrow(MessagingError);
    open(undefined, '10.0.0.2');
    open(ann, '10.0.0.1');
  });

  it('refuse a connection before CONNECT when it cannot become a session', () => {
    const { subject, open } = admission({ maxSessions: 4 });
    open(undefined, '10.0.0.1');
    open(undefined, '10.0.0.1');
    expect(subject.refusal('10.0.0.1')).toEqual({ code: 'session-limit', excess: 'share' });
    expect(subject.refusal('10.0.0.1', ann)).toBeUndefined();
    expect(subject.refusal('10.0.0.2')).toBeUndefined();
    open(ann, '10.0.0.1');
    open(ann, '10.0.0.1');
    expect(subject.refusal('10.0.0.2', ann)).toEqual({ code: 'session-limit', excess: 'limit' });
  });

  it('do not refuse an address whose next client may be a user', () => {
    const { subject, open } = admission({}, true);
    open(undefined, '10.0.0.1');
    open(undefined, '10.0.0.1');
    expect(subject.refusal('10.0.0.1')).toBeUndefined();
  });
});

it('a flood of refused connections writes one log line in a minute', async () => {
  const { subject, clock, warnings } = admission({ maxHandshakes: 1 });
  subject.begin('10.0.0.1');
  for (let i = 0; i < 1000; i++) subject.refusal('10.0.0.1');
  expect(warnings).toEqual(['A connection from 10.0.0.1 was refused: handshake-limit.']);
  await clock.advance(60_000);
  subject.refusal('10.0.0.1');
  expect(warnings[1]).toContain(' Similar lines omitted since the last one: 999.');
});

describe('a server', () => {
  let server: Server;
  afterEach(() => server.close());

  async function start(limits: Partial<LimitOptions>, more: ServerOptions = {}) {
    const transport = memoryTransport();
    server = await createServer({
      transports: [transport],
      logger: silentLogger,
      closeTimeout: 0,
      limits: { shares: 1, ...limits },
      ...more,
    });
    await server.start();
    return transport;
  }

  it('sends ERROR and closes with 1013 when a user has too many sessions', async () => {
    const transport = await start(
      { maxSessionsPerUser: 1 },
      { authenticate: ({ login }) => ({ name: login! }) },
    );
    await connectStomp(transport, { login: 'ann' });
    const second = openStomp(transport);
    second.send('CONNECT', { 'accept-version': '1.2', host: 'x', login: 'ann' });
    expect((await second.next('ERROR')).headers['message']).toContain('as many sessions');
    expect(await second.connection.closed).toEqual({ code: 1013, reason: 'session-limit' });
    await connectStomp(transport, { login: 'bob' });
  });

  it('logs refused sessions once a minute', async () => {
    const warnings: string[] = [];
    const transport = await start(
      { maxSessionsPerUser: 1 },
      {
        authenticate: ({ login }) => ({ name: login! }),
        logger: { ...silentLogger, warn: (text: string) => void warnings.push(text) },
      },
    );
    await connectStomp(transport, { login: 'ann' });
    for (let i = 0; i < 40; i++) {
      const refused = openStomp(transport);
      refused.send('CONNECT', { 'accept-version': '1.2', host: 'x', login: 'ann' });
      await refused.connection.closed;
    }
    expect(warnings).toEqual(['CONNECT of user ann was refused: session-limit.']);
  });

  it('does not count a handshake whose connection is closed while `authenticate` hangs', async () => {
    const transport = await start(
      { maxHandshakes: 1 },
      { authenticate: ({ login }) => (login === 'slow' ? new Promise(() => {}) : { name: 'ann' }) },
    );
    const slow = openStomp(transport);
    slow.send('CONNECT', { 'accept-version': '1.2', host: 'x', login: 'slow' });
    await nextTurn();
    slow.connection.vanish();
    await slow.connection.closed;
    await connectStomp(transport, { login: 'ann' });
  });

  it('closes a connection with 1013 when too many wait for their CONNECT', async () => {
    const transport = await start({ maxHandshakes: 1 });
    const first = openStomp(transport);
    const second = openStomp(transport);
    expect(await second.connection.closed).toEqual({ code: 1013, reason: 'handshake-limit' });
    first.connection.vanish();
    await first.connection.closed;
    await nextTurn();
    // A connection is counted as handshake until CONNECT, and as session afterwards.
    for (let i = 0; i < 3; i++) await connectStomp(transport);
  });

  it('counts a session until it has no remaining work', async () => {
    const transport = await start({ maxSessions: 1 });
    const first = await connectStomp(transport);
    expect(await openStomp(transport).connection.closed).toMatchObject({ code: 1013 });
    first.connection.vanish();
    await first.connection.closed;
    await nextTurn();
    await connectStomp(transport);
  });

  it('does not count a session that the broker refuses', async () => {
    const broker = new EmbeddedBroker();
    const transport = await start({ maxSessions: 1 }, { broker });
    const connect = broker.connect.bind(broker);
    broker.connect = () => {
      throw new MessagingError('broker-unavailable');
    };
    const refused = openStomp(transport);
    refused.send('CONNECT', { 'accept-version': '1.2', host: 'x' });
    await refused.connection.closed;
    await nextTurn();
    broker.connect = connect;
    await connectStomp(transport);
  });
});
