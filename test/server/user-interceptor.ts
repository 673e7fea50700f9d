// A handshake interceptor for tests: identifies users, and records the answers to their requests.
import type { HandshakeInterceptor } from '../../src/index.js';

/** Takes the user from the header `x-user`, and refuses the user `expired`. */
const userOfHeader: HandshakeInterceptor['before'] = ({ headers }) => {
  const name = headers.get('x-user');
  if (name === 'expired') return { status: 401, body: 'Sign in again.' };
  return name === undefined ? undefined : { principal: { name } };
};

/** An interceptor, and the URL and the status of each request that it has accepted. */
export function userInterceptor(before = userOfHeader) {
  const results: unknown[] = [];
  const interceptor: HandshakeInterceptor = {
    before,
    after: ({ url }, { status }) => void results.push([url, status]),
  };
  return { interceptor, results };
}
