// The way out to all JSON clients: server frames to octets, equal ones once.
import { EncodedFrame } from '../../message/encoded-frame.js';
import type { Heartbeat, ServerFrame } from '../../message/frame.js';
import type { Encoder } from '../codec.js';
import { EncodedMessages } from '../encoded-messages.js';
import { JsonMessageText } from './message-text.js';

export class JsonEncoder implements Encoder {
  readonly #messages = new EncodedMessages((frame) => new JsonMessageText(frame));

  encode(frame: ServerFrame | Heartbeat): EncodedFrame {
    switch (frame.kind) {
      case 'message':
        return this.#messages.encode(frame);
      case 'heartbeat':
        // Unsolicited it is a sign of life that wants no answer, as WebSocket's own (RFC 6455 section 5.5.3).
        return said({ type: 'pong' });
      case 'receipt':
        return said({ type: 'receipt', id: frame.receipt });
      case 'connected': {
        const { session, server, heartbeat, user } = frame;
        return said({ type: 'connected', session, server, heartbeat, user });
      }
      case 'error': {
        const { code, message, detail, destination, receipt, fields, fatal } = frame;
        return said({ type: 'error', code, message, detail, destination, receipt, fields, fatal });
      }
      default:
        return frame satisfies never;
    }
  }
}

/** A field that is undefined is not said. */
function said(frame: { readonly type: string; readonly [field: string]: unknown }): EncodedFrame {
  return new EncodedFrame(Buffer.from(`${JSON.stringify(frame)}\n`), false);
}
