// The frames of a run, ready to be said: everything named, and in octets by the client's version.
import type { Ack, Version } from './script.js';

/** A frame as the model hears it. */
export type Frame = { readonly receipt: string | undefined } & (
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
  | { readonly kind: 'begin' | 'commit' | 'abort'; readonly transaction: string }
  | { readonly kind: 'disconnect' }
  | { readonly kind: 'blank' }
  | { readonly kind: 'broken'; readonly broken: BrokenFrame }
);

export interface BrokenFrame {
  /** Without the receipt, which stands behind the command's line where one is asked for. */
  readonly octets: string;
  readonly code: string;
  /** No protocol begins like it. */
  readonly foreign?: true;
  /** STOMP 1.0 knows no escapes. */
  readonly legalIn10?: true;
}

export const brokenFrames: readonly BrokenFrame[] = [
  { octets: 'JUMP\n\n\0', code: 'command-unknown' },
  { octets: 'send\n\n\0', code: 'command-unknown', foreign: true },
  { octets: 'MESSAGE\ndestination:/topic/a\n\n\0', code: 'command-unknown' },
  { octets: 'SEND\n\nbody\0', code: 'header-missing' },
  { octets: 'BEGIN\n\n\0', code: 'header-missing' },
  { octets: 'SUBSCRIBE\nid:z\ndestination:/topic/a\nack:maybe\n\n\0', code: 'header-invalid' },
  { octets: 'SEND\nno colon\n\n\0', code: 'header-malformed' },
  { octets: 'SEND\n:no name\n\n\0', code: 'header-malformed' },
  { octets: 'SEND\ndestination:/topic/\\q\n\n\0', code: 'escape-illegal', legalIn10: true },
  { octets: 'SEND\ndestination:/topic/a\ncontent-length:x\n\n\0', code: 'content-length-invalid' },
  {
    octets: 'SEND\ndestination:/topic/a\ncontent-length:2\n\nabc\0',
    code: 'content-length-invalid',
  },
  { octets: 'SEND\ndestination:/topic/a\ncontent-length:99999\n\n\0', code: 'frame-too-large' },
  { octets: `SEND\ndestination:/topic/${'a'.repeat(9000)}\n\n\0`, code: 'frame-too-large' },
  { octets: 'COMMIT\ntransaction:t\n\nbody\0', code: 'body-unexpected' },
  { octets: 'SEND\ndestination:/topic/a\0', code: 'frame-malformed' },
  // A lone octet of a sequence of two; said as Latin-1.
  { octets: 'SEND\ndestination:/topic/\xc3\n\n\0', code: 'text-invalid' },
];

/** The octets of a frame, an octet a character. */
export function octetsOf(frame: Frame, version: Version, crlf: boolean): string {
  const { receipt } = frame;
  const asked = receipt === undefined ? [] : [`receipt:${receipt}`];
  const lines = (command: string, headers: readonly string[], body = '') => {
    const end = crlf && (version === '1.2' || command === 'CONNECT') ? '\r\n' : '\n';
    return `${[command, ...headers, ...asked, ''].join(end)}${end}${body}\0`;
  };
  const only = (name: string, value: string | number | undefined) =>
    value === undefined ? [] : [`${name}:${value}`];
  switch (frame.kind) {
    case 'blank':
      return '\n';
    case 'broken':
      return frame.broken.octets.replace('\n', ['', ...asked, ''].join('\n'));
    case 'connect':
      return lines('CONNECT', [`accept-version:${frame.version}`, 'host:model']);
    case 'subscribe':
      return lines('SUBSCRIBE', [
        ...only('id', frame.id),
        `destination:${frame.destination}`,
        `ack:${frame.ack}`,
        ...only('prefetch-count', frame.prefetch),
      ]);
    case 'unsubscribe':
      return lines('UNSUBSCRIBE', [
        ...only('id', frame.id),
        ...only('destination', frame.destination),
      ]);
    case 'send': {
      const { destination, transaction, expires, body } = frame;
      const headers = [...only('transaction', transaction), ...only('expires', expires)];
      return lines('SEND', [`destination:${destination}`, ...headers], body);
    }
    case 'ack':
    case 'nack': {
      const named = {
        '1.0': [`message-id:${frame.name}`],
        '1.1': [`message-id:${frame.name}`, `subscription:${frame.subscription}`],
        '1.2': [`id:${frame.name}`],
      }[version];
      return lines(frame.kind.toUpperCase(), [...named, ...only('transaction', frame.transaction)]);
    }
    case 'begin':
    case 'commit':
    case 'abort':
      return lines(frame.kind.toUpperCase(), [`transaction:${frame.transaction}`]);
    case 'disconnect':
      return lines('DISCONNECT', []);
    default:
      return frame satisfies never;
  }
}

/** What a frame is wrong about in a version, whatever the session is like. */
export function malformation(frame: Frame, version: Version): string | undefined {
  switch (frame.kind) {
    case 'broken':
      return frame.broken.code;
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
