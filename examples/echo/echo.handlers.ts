// WebSocket handlers that return what they receive, with the paths and options that tests of SockJS clients expect.
import {
  WebSocketHandler,
  type SockJsOptions,
  type WebSocketHandlerOptions,
  type WebSocketSession,
} from 'signalbox';

/** Pages of all origins may connect, also pages without an origin, such as files. */
const everyone = { allowedOrigins: ['*'] };

/** WebSocket handlers with all transports of SockJS. JSONP is off by default: only allow it for pages that every site may use. */
function overSockJs(options: Partial<SockJsOptions> = {}): WebSocketHandlerOptions {
  const transports = ['xhr_streaming', 'eventsource', 'htmlfile', 'xhr', 'jsonp'] as const;
  return { ...everyone, sockjs: { transports, ...options } };
}

/**
 * The handlers of the example.
 * @param base the first part of their paths, such as `/`
 */
export function handlersBelow(base: string) {
  /** WebSocket and Server-Sent Events, without SockJS: it returns text as text, and bytes as bytes. */
  @WebSocketHandler(`${base}raw`, { ...everyone, sse: true })
  class Raw {
    message(session: WebSocketSession, data: string | Uint8Array) {
      session.send(data);
    }
  }

  /** The small limit lets tests see how clients replace a streaming response that has ended. */
  @WebSocketHandler(`${base}echo`, overSockJs({ responseLimit: 4096 }))
  class Echo extends Raw {}

  @WebSocketHandler(`${base}disabled_websocket_echo`, overSockJs({ websocket: false }))
  class EchoWithoutWebSocket extends Raw {}

  @WebSocketHandler(`${base}cookie_needed_echo`, overSockJs({ sessionCookie: true }))
  class EchoWithCookie extends Raw {}

  @WebSocketHandler(`${base}close`, overSockJs())
  class Close {
    open(session: WebSocketSession) {
      session.close(3000, 'Go away!');
    }
  }

  /** Answers the number n with 2ⁿ times the letter x. */
  @WebSocketHandler(`${base}amplify`, overSockJs())
  class Amplify {
    message(session: WebSocketSession, text: string) {
      const n = Number(text);
      if (Number.isInteger(n) && n >= 1 && n <= 18) session.send('x'.repeat(2 ** n));
      else session.close(3001, 'Send a number from 1 to 18.');
    }
  }

  return [Raw, Echo, EchoWithoutWebSocket, EchoWithCookie, Close, Amplify];
}
