// Streams of handlers, and what they leave behind of their session's signal.
import { getEventListeners } from 'node:events';
import { expect, it } from 'vitest';
import {
  Controller,
  createServer,
  memoryTransport,
  MessageMapping,
  SendTo,
  Signal,
  silentLogger,
} from '../../src/index.js';
import { connect } from '../stomp-client.js';

@Controller('/streams')
@SendTo('/topic/streams')
class StreamController {
  @MessageMapping('/end')
  async *end(@Signal() signal: AbortSignal) {
    signal.throwIfAborted();
    yield await Promise.resolve(1);
  }

  @MessageMapping('/fail')
  async *fail(@Signal() signal: AbortSignal) {
    signal.throwIfAborted();
    yield await Promise.reject(new Error('no'));
  }

  @MessageMapping('/never-begin')
  neverBegin(@Signal() signal: AbortSignal) {
    signal.throwIfAborted();
    return {
      [Symbol.asyncIterator]() {
        throw new Error('no');
      },
    };
  }
}

it.each(['end', 'fail', 'never-begin'])(
  'a stream that does this leaves its session nothing to tell: %s',
  async (stream) => {
    const transport = memoryTransport();
    const server = await createServer({
      transports: [transport],
      controllers: [StreamController],
      logger: silentLogger,
    });
    await server.start();
    const ann = await connect(transport);
    const [session] = server.sessions.all();
    for (let i = 0; i < 3; i++) ann.say('SEND', { destination: `/app/streams/${stream}` });
    await server.idle();
    expect(getEventListeners(session!.signal, 'abort')).toEqual([]);
    await server.close();
  },
);
