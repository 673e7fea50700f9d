// The URL of an endpoint, in the form that each transport needs.

/** Browsers have it, Node does not. */
const { location } = globalThis as { readonly location?: { readonly href: string } };

/**
 * Returns the absolute URL of an endpoint.
 *
 * @param url with one of the schemes `http`, `https`, `ws` and `wss`, or relative to the page
 * @param scheme `ws` also selects `wss` for `https`, and `http` selects `https` for `wss`
 * @throws {TypeError} when the URL is not valid, or is relative outside of a page
 */
export function endpointUrl(url: string, scheme: 'http' | 'ws'): string {
  const absolute = parse(url);
  absolute.hash = '';
  return absolute.href.replace(/^(?:http|ws)/, scheme);
}

function parse(url: string): URL {
  try {
    return new URL(url, location?.href);
  } catch {
    throw new TypeError(`The URL '${url}' is not valid; outside of a page, it must be absolute.`);
  }
}
