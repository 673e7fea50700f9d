// The page that old browsers load in an iframe to reach a server of another origin, and the client library that it loads.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

export function iframePage(library: string): string {
  return `<!DOCTYPE html>
<html>
<head>
  <meta http-equiv="X-UA-Compatible" content="IE=edge" />
  <meta http-equiv="Content-Type" content="text/html; charset=UTF-8" />
  <script src="${library}"></script>
  <script>
    document.domain = document.domain;
    SockJS.bootstrap_iframe();
  </script>
</head>
<body>
  <h2>Don't panic!</h2>
  <p>This is a SockJS hidden iframe. It's used for cross domain magic.</p>
</body>
</html>`;
}

/** The client library of the package `sockjs-client`; undefined when the application has not installed it. */
export function installedLibrary(): Uint8Array | undefined {
  try {
    const { resolve } = createRequire(join(process.cwd(), 'package.json'));
    return readFileSync(resolve('sockjs-client/dist/sockjs.min.js'));
  } catch {
    return undefined;
  }
}

/** The directive `frame-ancestors` for the own origin and the allowed ones. Origins that it cannot express are left out. */
export function frameAncestors(allowedOrigins: readonly string[]): string {
  return `frame-ancestors ${["'self'", ...allowedOrigins.flatMap(sourcesOf)].join(' ')}`;
}

/** The host sources of Content Security Policy level 3 for an entry of `allowedOrigins`: they have one port, and `*` only in front. */
function sourcesOf(origin: string): readonly string[] {
  if (origin === '*') return ['*'];
  const [, place = '', ports] = /^(.*?)(?::(?:\[([\d,*]+)\]))?\/?$/.exec(origin) ?? [];
  const host = place.replace(/^[^:]*:\/\//, '');
  if (host.lastIndexOf('*') > 0 || (host.startsWith('*') && host !== '*' && host[1] !== '.'))
    return [];
  return ports === undefined ? [place] : ports.split(',').map((port) => `${place}:${port}`);
}
