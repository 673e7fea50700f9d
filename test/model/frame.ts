// The frames of a run: as the model processes them, and as bytes in the client's version.
import { frameText, type StompHeaders } from '../clients/stomp.js';

export type Version = '1.0' | '1.1' | '1.2';
export type Ack = 'auto' | 'client' | 'client-individual';

/** Frames whose fields do not depend on the state of the session. */
export type PlainFrame =
  | { readonly kind: 'connect'; readonly version: Version }
  | {
      readonly kind: 'subscribe';
      readonly id: string | undefined;
      readonly destination: string;
      readonly ack: Ack;
      readonly prefetch: string | undefined;
    }
  | {
      readonly kind: 'unsubscribe';
      readonly id: string | undefined;
      readonly destination: string | undefined;
    }
  | { readonly kind: 'begin' | 'commit' | 'abort'; readonly transaction: string }
  | { readonly kind: 'disconnect' | 'heartbeat' };

export type Frame = { readonly receipt: string | undefined } & (
  | PlainFrame
  | {
      readonly kind: 'send';
      readonly destination: string;
      readonly body: string;
      readonly expires: number | undefined;
      readonly transaction: string | undefined;
    }
  | {
      readonly kind: 'ack' | 'nack';
      readonly name: string;
      readonly subscription: string;
      readonly transaction: string | undefined;
    }
  | { readonly kind: 'malformed'; readonly malformed: MalformedFrame }
);

export interface MalformedFrame {
  /** Without a receipt header, which is inserted after the command. */
  readonly bytes: string;
  readonly code: string;
  /** True when no protocol begins with these bytes. */
  readonly unknownProtocol?: true;
  /** True when STOMP 1.0 accepts it: it has no escapes, and ignores bodies. */
  readonly validIn10?: true;
}

const longDestination = `/topic/${'a'.repeat(9000)}`;

export const malformedFrames: readonly MalformedFrame[] = [
  { bytes: 'JUMP\n\n\0', code: 'command-unknown' },
  { bytes: 'send\n\n\0', code: 'command-unknown', unknownProtocol: true },
  { bytes: 'MESSAGE\ndestination:/topic/a\n\n\0', code: 'command-unknown' },
  { bytes: 'SEND\n\nbody\0', code: 'header-missing' },
  { bytes: 'BEGIN\n\n\0', code: 'header-missing' },
  { bytes: 'SUBSCRIBE\nid:z\ndestination:/topic/a\nack:maybe\n\n\0', code: 'header-invalid' },
  { bytes: 'SEND\nno colon\n\n\0', code: 'header-malformed' },
  { bytes: 'SEND\n:no name\n\n\0', code: 'header-malformed' },
  { bytes: 'SEND\ndestination:/topic/\\q\n\n\0', code: 'escape-illegal', validIn10: true },
  { bytes: 'SEND\ndestination:/topic/a\ncontent-length:x\n\n\0', code: 'content-length-invalid' },
  {
    bytes: 'SEND\ndestination:/topic/a\ncontent-length:2\n\nabc\0',
    code: 'content-length-invalid',
  },
  { bytes: 'SEND\ndestination:/topic/a\ncontent-length:99999\n\n\0', code: 'frame-too-large' },
  { bytes: `SEND\ndestination:${longDestination}\n\n\0`, code: 'frame-too-large' },
  { bytes: 'COMMIT\ntransaction:t\n\nbody\0', code: 'body-unexpected', validIn10: true },
  { bytes: 'SEND\ndestination:/topic/a\0', code: 'frame-malformed' },
  // The first byte of a sequence of two.
  { bytes: 'SEND\ndestination:/topic/\xc3\n\n\0', code: 'text-invalid' },
];

/** The bytes of a frame, one character for each. */
export function bytesOf(frame: Frame, version: Version, crlf: boolean): string {
  const { kind, receipt } = frame;
  if (kind === 'heartbeat') return '\n';
  if (kind === 'malformed') {
    const header = receipt === undefined ? '' : `receipt:${receipt}\n`;
    return frame.malformed.bytes.replace('\n', `\n${header}`);
  }
  const headers = { ...headersOf(frame, version), receipt };
  const text = frameText(kind.toUpperCase(), headers, kind === 'send' ? frame.body : '');
  if (!crlf || (version !== '1.2' && kind !== 'connect')) return text;
  const bodyStart = text.indexOf('\n\n') + 2;
  return text.slice(0, bodyStart).replaceAll('\n', '\r\n') + text.slice(bodyStart);
}

type WellFormed = Exclude<Frame, { readonly kind: 'heartbeat' | 'malformed' }>;

function headersOf(frame: WellFormed, version: Version): StompHeaders {
  switch (frame.kind) {
    case 'connect':
      return { 'accept-version': frame.version, host: 'model' };
    case 'subscribe': {
      const { id, destination, ack, prefetch } = frame;
      return { id, destination, ack, 'prefetch-count': prefetch };
    }
    case 'unsubscribe':
      return { id: frame.id, destination: frame.destination };
    case 'send': {
      const { destination, transaction, expires } = frame;
      return { destination, transaction, expires };
    }
    case 'ack':
    case 'nack': {
      const { name, subscription, transaction } = frame;
      if (version === '1.2') return { id: name, transaction };
      const header = { 'message-id': name, transaction };
      return version === '1.1' ? { ...header, subscription } : header;
    }
    case 'begin':
    case 'commit':
    case 'abort':
      return { transaction: frame.transaction };
    default:
      return {};
  }
}

/** The code of the error for a frame that its version does not allow, whatever the state of the session is. */
export function syntaxError(frame: Frame, version: Version): string | undefined {
  switch (frame.kind) {
    case 'malformed':
      return frame.malformed.code;
    case 'subscribe':
      if (version === '1.0')
        return frame.ack === 'client-individual' ? 'header-invalid' : undefined;
      return frame.id === undefined ? 'header-missing' : undefined;
    case 'unsubscribe':
      if (frame.id !== undefined) return undefined;
      return version !== '1.0' || frame.destination === undefined ? 'header-missing' : undefined;
    case 'nack':
      return version === '1.0' ? 'command-unknown' : undefined;
    default:
      return undefined;
  }
}
