// The options of permessage-deflate (RFC 7692), and how it is negotiated with a client.
import type { PerMessageDeflateOptions as WsOptions } from 'ws';
import { featureOptions, invalidOption, requireCount } from '../message/option.js';

/** Compression of WebSocket messages. Clients that do not offer permessage-deflate are served without it. */
export interface PerMessageDeflateOptions {
  /** Bytes of a message below which the server sends it uncompressed. @default 1,024 */
  readonly threshold: number;
  /** Level of zlib, from 1, the fastest, to 9, the smallest. @default 1 */
  readonly level: number;
}

export const defaultPerMessageDeflate: PerMessageDeflateOptions = { threshold: 1024, level: 1 };

/**
 * Adds the defaults; undefined when compression is off.
 *
 * @param path names the option in errors
 * @throws {MessagingError} `option-invalid`
 */
export function resolvePerMessageDeflate(
  given?: boolean | Partial<PerMessageDeflateOptions>,
  path = 'endpoints.perMessageDeflate',
): PerMessageDeflateOptions | undefined {
  const options = featureOptions(path, defaultPerMessageDeflate, given);
  if (options === undefined) return undefined;
  requireCount(`${path}.threshold`, options.threshold, 0);
  requireCount(`${path}.level`, options.level, 1);
  if (options.level > 9) throw invalidOption(`${path}.level`, 'must not be greater than 9');
  return options;
}

/** The options of `ws`, which negotiates and inflates. It never compresses, because the server writes its own frames. */
export const wsDeflateOptions = {
  // Each message is compressed alone, so that all clients share its bytes.
  serverNoContextTakeover: true,
  // Each connection that has received a compressed message keeps this buffer; the default is 16 KB.
  zlibInflateOptions: { chunkSize: 4096 },
} satisfies WsOptions;

const largestWindowBits = 15;

/**
 * True when the server may compress for this client: its window is not smaller than the server's. A client that asks for a smaller one
 * receives plain messages, which the protocol allows at any time.
 *
 * @param offers the header `Sec-WebSocket-Extensions` of the request
 */
export function acceptsDeflated(offers = ''): boolean {
  return [...offers.matchAll(/server_max_window_bits\s*=\s*"?(\d+)/gi)].every(
    ([, bits]) => Number(bits) >= largestWindowBits,
  );
}
