// Clients of WebSocket handlers in the test kit: received messages, and failures that explain why a message is missing.
import { describe, expect, it } from 'vitest';
import { testServer, type TestServerOptions } from 'signalbox/testing';
import { WebSocketHandler, type WebSocketSession } from '../../src/index.js';

@WebSocketHandler('/echo/{room}')
class Echo {
  message(session: WebSocketSession, data: string | Uint8Array) {
    if (data === 'close') session.close(4000, 'bye');
    else if (data === 'fail') throw new Error('boom');
    else session.send(data);
  }
}

const start = (options: TestServerOptions = {}) => testServer({ controllers: [Echo], ...options });

describe('a client of a WebSocket handler', () => {
  it('reads messages in order, one by one or all', async () => {
    const app = await start();
    const ann = await app.connectWebSocket('/echo/a', { user: 'ann' });
    expect([ann.label, ann.isOpen, ann.closed]).toEqual(['ann (session-1)', true, undefined]);
    for (const data of ['1', '2', '3']) expect(await ann.send(data)).toBe(true);
    expect([await ann.next(), await ann.next()]).toEqual(['1', '2']);
    expect(ann.messages).toEqual(['1', '2', '3']);
    await app.close();
  });

  it('waits in next() for a message that a handler sends later', async () => {
    const app = await start();
    const ann = await app.connectWebSocket('/echo/a');
    const next = ann.next();
    await ann.send('late');
    expect(await next).toBe('late');
    await app.close();
  });

  it('explains why there is no message', async () => {
    const app = await start();
    const ann = await app.connectWebSocket('/echo/a');
    await ann.send('1');
    await ann.next();
    await expect(ann.next()).rejects.toThrow(
      "anonymous (session-1) has no message to read. No more messages can arrive: all handlers have finished and no stream is open. It received before:\n  '1'",
    );
    await ann.send('close');
    await expect(ann.next()).rejects.toThrow('The session was closed with 4000 bye.');
    await expect(ann.send('x')).rejects.toThrow(
      'send(): the session of anonymous (session-1) was closed with 4000 bye.',
    );
    await app.close();
  });

  it('close() of the server reports an end that the test has not read', async () => {
    const app = await start();
    const ann = await app.connectWebSocket('/echo/a');
    expect(await ann.send('fail')).toBe(false);
    await expect(app.close()).rejects.toThrow(
      "anonymous (session-1) was closed with 1011 handler-failed. The test has not read its 'closed'.",
    );
  });

  it('close() of a strict server reports unread messages', async () => {
    const app = await start({ strict: true });
    const ann = await app.connectWebSocket('/echo/a');
    await ann.send('x');
    await expect(app.close()).rejects.toThrow('anonymous (session-1) has not read 1 message.');
  });

  it('is refused after close() of the server', async () => {
    const app = await start();
    await app.close();
    await expect(app.connectWebSocket('/echo/a')).rejects.toThrow(
      'connectWebSocket(): the test server is closed.',
    );
  });
});
