// What a WebSocket close frame may say, and what `ws` says in ours when it cannot read a client.
import { closeCodes } from '../message/error.js';

/** Octets that RFC 6455 section 5.5 leaves to the reason: 125 of a control frame, less two of the code. */
const reasonLimit = 123;

/** Whether a code may travel: RFC 6455 section 7.4 keeps 1004 to 1006 and 1015 for what no frame said. */
export function isSendable(code: number): boolean {
  if (code >= 3000) return code < 5000;
  return code >= 1000 && code <= 1014 && (code < 1004 || code > 1006);
}

/** As much of the reason as a close frame holds, cut between two characters. */
export function cutReason(reason: string): string {
  const octets = Buffer.from(reason);
  if (octets.length <= reasonLimit) return reason;
  let end = reasonLimit;
  while ((octets[end]! & 0xc0) === 0x80) end--;
  return octets.toString('utf8', 0, end);
}

/** What `ws` closes with where it is not 1002. */
const codeOfError: Readonly<Record<string, number>> = {
  WS_ERR_UNSUPPORTED_MESSAGE_LENGTH: closeCodes.tooBig,
  WS_ERR_UNSUPPORTED_DATA_PAYLOAD_LENGTH: closeCodes.tooBig,
  WS_ERR_TOO_MANY_BUFFERED_PARTS: closeCodes.policy,
};

/** The code that `ws` closed with after an error of its reader; undefined for an error of the socket. */
export function closedWith(error: Error): number | undefined {
  const { code = '' } = error as NodeJS.ErrnoException;
  return code.startsWith('WS_ERR_') ? (codeOfError[code] ?? closeCodes.protocolError) : undefined;
}
