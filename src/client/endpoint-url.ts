// The URL of an endpoint, in the form that each transport needs.

/** Browsers have it, Node does not. */
const { location } = globalThis as { readonly location?: { readonly href: string } };

/**
 * Returns the absolute URL of an endpoint.
 *
 * @param url with one of the schemes `http`, `https`, `ws` and `wss`, or relative to the page
 * @param scheme `ws` also selects `wss` for `https`, and `http` selects `https` for `wss`
 * @throws {TypeError} when the URL is relative and there is no page
 */
export function endpointUrl(url: string, scheme: 'http' | 'ws'): string {
  const absolute = new URL(url, location?.href);
  absolute.hash = '';
  return absolute.href.replace(/^(?:http|ws)/, scheme);
}
