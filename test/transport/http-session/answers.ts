// The headers and bodies of answers that SockJS and SSE endpoints have in common, and the request bodies that both refuse.
import type { Answer } from '../http.js';

type Headers = Answer['headers'];

export const anyOrigin: Headers = { 'access-control-allow-origin': '*', vary: 'Origin' };
export const credentials = (origin: string): Headers => ({
  'access-control-allow-origin': origin,
  'access-control-allow-credentials': 'true',
  vary: 'Origin',
});
export const notCached: Headers = {
  'cache-control': 'no-store, no-cache, no-transform, must-revalidate, max-age=0',
};
/** The clock of the endpoints stands at the beginning of the year 2000. */
export const cached: Headers = {
  'cache-control': 'public, max-age=31536000',
  expires: 'Sun, 31 Dec 2000 00:00:00 GMT',
};
export const type = (value: string): Headers => ({ 'content-type': `${value};charset=UTF-8` });
export const plain = type('text/plain');
export const chunked: Headers = { 'transfer-encoding': 'chunked' };

/** An answer with its length. */
export function answer(status: number, headers: Headers, body = ''): Answer {
  if (status === 204) return { status, headers, body };
  return { status, headers: { ...headers, 'content-length': `${Buffer.byteLength(body)}` }, body };
}

/** @param methods as the header lists them */
export const preflight = (methods: string, cors: Headers = anyOrigin): Answer =>
  answer(204, {
    ...cors,
    ...cached,
    'access-control-allow-methods': methods,
    'access-control-max-age': '31536000',
  });

/** Bodies that are not a JSON array of texts. */
export const malformedBodies: readonly string[] = [
  '["x',
  '["x"',
  'x',
  '{}',
  '{"a":"b"}',
  '"x"',
  'null',
  '1',
  'true',
  '[1]',
  '["x",1]',
  '[null]',
  '[["x"]]',
  "['x']",
  '["x",]',
  '["\n"]',
  '\ufeff["x"]',
];
