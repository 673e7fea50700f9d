// The frames of a run: as the model processes them, and as bytes in the client's version.
import type { AckMode } from '../../src/message/frame.js';
import { frameText, type StompHeaders, type StompVersion } from '../clients/stomp.js';

/** The fields are named like the headers, except for those whose headers depend on the version. */
export type Frame = { readonly receipt?: string } & (
  | { readonly kind: 'connect'; readonly version: StompVersion }
  | {
      readonly kind: 'subscribe';
      readonly id?: string;
      readonly destination: string;
      readonly ack: AckMode;
      readonly 'prefetch-count'?: string;
    }
  | { readonly kind: 'unsubscribe'; readonly id?: string; readonly destination?: string }
  | {
      readonly kind: 'send';
      readonly destination: string;
      readonly body: string;
      readonly expires?: number;
      readonly transaction?: string;
    }
  | {
      readonly kind: 'ack' | 'nack';
      readonly name: string;
      readonly subscription: string;
      readonly transaction?: string;
    }
  | { readonly kind: 'begin' | 'commit' | 'abort'; readonly transaction: string }
  | { readonly kind: 'disconnect' | 'heartbeat' }
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
export function bytesOf(frame: Frame, version: StompVersion, crlf: boolean): string {
  const { kind, receipt } = frame;
  if (kind === 'heartbeat') return '\n';
  if (kind === 'malformed') {
    const header = receipt === undefined ? '' : `receipt:${receipt}\n`;
    return frame.malformed.bytes.replace('\n', `\n${header}`);
  }
  const body = kind === 'send' ? frame.body : '';
  const text = frameText(kind.toUpperCase(), headersOf(frame, version), body);
  if (!crlf || (version !== '1.2' && kind !== 'connect')) return text;
  const bodyStart = text.indexOf('\n\n') + 2;
  return text.slice(0, bodyStart).replaceAll('\n', '\r\n') + text.slice(bodyStart);
}

type WellFormed = Exclude<Frame, { readonly kind: 'heartbeat' | 'malformed' }>;

function headersOf(frame: WellFormed, version: StompVersion): StompHeaders {
  switch (frame.kind) {
    case 'connect':
      return { 'accept-version': frame.version, host: 'model' };
    case 'ack':
    case 'nack': {
      const { name, subscription, transaction, receipt } = frame;
      if (version === '1.2') return { id: name, transaction, receipt };
      const header = { 'message-id': name, transaction, receipt };
      return version === '1.1' ? { ...header, subscription } : header;
    }
    default:
      return { ...frame, kind: undefined, body: undefined };
  }
}

/** The code of the error for a frame that its version does not allow, whatever the state of the session is. */
export function syntaxError(frame: Frame, version: StompVersion): string | undefined {
  const is10 = version === '1.0';
  switch (frame.kind) {
    case 'malformed':
      return frame.malformed.code;
    case 'subscribe':
      if (is10) return frame.ack === 'client-individual' ? 'header-invalid' : undefined;
      return frame.id === undefined ? 'header-missing' : undefined;
    case 'unsubscribe':
      return (frame.id ?? (is10 && frame.destination)) ? undefined : 'header-missing';
    case 'nack':
      return is10 ? 'command-unknown' : undefined;
    default:
      return undefined;
  }
}
