// The codes and reasons of WebSocket close frames.
import { closeCodes } from '../message/error.js';

/** RFC 6455 section 5.5: the payload of a control frame has at most 125 bytes, and the code takes two of them. */
const maxReasonBytes = 123;

/** False for the codes that RFC 6455 section 7.4 reserves for connections that ended without a close frame, and for unassigned ones. */
export function isSendable(code: number): boolean {
  if (code >= 3000) return code < 5000;
  return code >= 1000 && code <= 1014 && (code < 1004 || code > 1006);
}

/** The longest beginning of the reason that fits into a close frame; no character is split. */
export function truncateReason(reason: string): string {
  const bytes = Buffer.from(reason);
  if (bytes.length <= maxReasonBytes) return reason;
  let end = maxReasonBytes;
  while ((bytes[end]! & 0xc0) === 0x80) end--;
  return bytes.toString('utf8', 0, end);
}

/** The errors of `ws` that do not close with 1002. */
const codeOfError: Readonly<Record<string, number>> = {
  WS_ERR_UNSUPPORTED_MESSAGE_LENGTH: closeCodes.tooBig,
  WS_ERR_UNSUPPORTED_DATA_PAYLOAD_LENGTH: closeCodes.tooBig,
  WS_ERR_TOO_MANY_BUFFERED_PARTS: closeCodes.policy,
};

/** The code that `ws` has sent after it could not read the client's data; undefined for an error of the socket. */
export function closeCodeOf(error: Error): number | undefined {
  const { code = '' } = error as NodeJS.ErrnoException;
  // Compressed data that cannot be inflated.
  if (code.startsWith('Z_')) return closeCodes.invalidData;
  return code.startsWith('WS_ERR_') ? (codeOfError[code] ?? closeCodes.protocolError) : undefined;
}
