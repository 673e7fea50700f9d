// Spring's Java SockJsClient, with STOMP over each of its transports.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  Controller,
  createServer,
  MessageMapping,
  Session,
  silentLogger,
  type Server,
} from '../../src/index.js';
import { portOf } from '../clients/server.js';
import { build, spring } from './foreign.js';

const run = build(spring);

@Controller()
class Closing {
  @MessageMapping('/close')
  close(@Session() session: Session) {
    session.close(4001, 'enough');
  }
}

describe.skipIf(run === undefined)('SockJsClient of Spring', { timeout: 180_000 }, () => {
  let server: Server;

  beforeAll(async () => {
    server = await createServer({
      controllers: [Closing],
      endpoints: [{ path: '/ws', sockjs: true }],
      logger: silentLogger,
    });
    await server.listen(0);
  });

  afterAll(() => server.close());

  it.each(['websocket', 'xhr_streaming', 'xhr'])('exchanges STOMP over %s', async (transport) => {
    const output = await run!('SockJs', String(portOf(server)), transport);
    expect(output.split('\n')).toEqual([
      'connected 1.2',
      'subscribed',
      'receipt',
      '1000 messages in order',
      'closed 4001 enough',
      'disconnected 1000',
    ]);
  });
});
