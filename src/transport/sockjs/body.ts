// Reads the bodies of requests up to a limit.
import type { IncomingMessage } from 'node:http';

/** The reason why a body was not read: it is too large, or the client or the session has ended. */
export type BodyFailure = 'too-large' | 'ended';

/**
 * Reads the body of a request. A body above the limit is not read further.
 *
 * @param onEnd registers a function that stops reading; returns a function that removes it
 */
export function readBody(
  request: IncomingMessage,
  maxBytes: number,
  onEnd: (abort: () => void) => () => void,
): Promise<Buffer | BodyFailure> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const settle = (result: Buffer | BodyFailure): void => {
      remove();
      request.off('data', onData).off('end', onComplete).off('close', onClose);
      if (result === 'too-large') request.pause();
      resolve(result);
    };
    const onData = (chunk: Buffer): void => {
      size += chunk.length;
      chunks.push(chunk);
      if (size > maxBytes) settle('too-large');
    };
    const onComplete = (): void => settle(Buffer.concat(chunks));
    const onClose = (): void => settle('ended');
    const remove = onEnd(onClose);
    request.on('data', onData).on('end', onComplete).on('close', onClose);
  });
}

/** True when the client has announced a body above the limit. */
export function announcesMore({ headers }: IncomingMessage, maxBytes: number): boolean {
  return Number(headers['content-length'] ?? 0) > maxBytes;
}
