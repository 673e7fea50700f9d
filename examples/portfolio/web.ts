// HTTP of the portfolio: the form login, the pages behind it, and the list of connected users.
import type { IncomingMessage, Server as HttpServer, ServerResponse } from 'node:http';
import { answer, answerWithFile, pathOf } from '../static-files.js';
import { cookieOf, expiredCookie, type Login, type Logins } from './accounts.js';
import type { WebFolders } from './folders.js';

export interface Web {
  readonly logins: Logins;
  readonly folders: WebFolders;
  /** The names of connected users. */
  readonly users: () => Iterable<string>;
  /** Called when a browser logs out. */
  readonly onLogout: (login: Login) => void;
}

/** Bytes of a login form; a larger one is not read. */
const formLimit = 1024;

/** Answers all requests below `base`, and no others. */
export function serveWeb(http: HttpServer, base: string, web: Web): void {
  const site = new Site(base, web);
  http.on('request', (request, response) => {
    const path = pathOf(request);
    if (!path.startsWith(base)) return;
    // Against clickjacking: pages of other sites cannot show these pages in a frame.
    response.setHeader('x-frame-options', 'SAMEORIGIN');
    // It fails if the client leaves before it has sent its whole form.
    site.respond(request, response, path.slice(base.length)).catch(() => response.destroy());
  });
}

class Site {
  constructor(
    private readonly base: string,
    private readonly web: Web,
  ) {}

  async respond(request: IncomingMessage, response: ServerResponse, path: string): Promise<void> {
    const { pages, assets } = this.web.folders;
    if (/^(?:static|webjars)\//.test(path)) return answerWithFile(request, response, assets, path);
    if (path === 'login.html' && request.method === 'POST') return this.#logIn(request, response);
    if (path === 'logout.html') {
      // A page of another site could end the login of the user.
      if (isOfOtherOrigin(request)) return answer(response, 403, {}, '');
      this.#logOut(request);
      return this.#redirect(response, 'login.html?logout', expiredCookie);
    }
    const login = this.web.logins.find(request.headers.cookie);
    if (login === undefined && path !== 'login.html') return this.#redirect(response, 'login.html');
    if (path === 'users') {
      const names = JSON.stringify([...this.web.users()]);
      return answer(response, 200, { 'content-type': 'application/json' }, names);
    }
    return answerWithFile(request, response, { '': pages }, path);
  }

  async #logIn(request: IncomingMessage, response: ServerResponse): Promise<void> {
    // A page of another site could log the user in as another user.
    if (isOfOtherOrigin(request)) return answer(response, 403, {}, '');
    const form = await readForm(request);
    if (form === undefined) return answer(response, 413, { connection: 'close' }, '');
    const login = this.web.logins.begin(form.get('username') ?? '', form.get('password') ?? '');
    if (login === undefined) return this.#redirect(response, 'login.html?error');
    // The browser forgets its earlier login, so this one ends.
    this.#logOut(request);
    return this.#redirect(response, 'index.html', cookieOf(login));
  }

  #logOut(request: IncomingMessage): void {
    const login = this.web.logins.find(request.headers.cookie);
    if (login === undefined) return;
    this.web.logins.end(login);
    this.web.onLogout(login);
  }

  #redirect(response: ServerResponse, path: string, cookie?: string): void {
    const location = `${this.base}${path}`;
    answer(response, 302, { location, ...(cookie && { 'set-cookie': cookie }) }, '');
  }
}

/** True when a page of another origin has sent the request. Browsers that do not send `Sec-Fetch-Site` send `Origin` with forms. */
function isOfOtherOrigin({ headers }: IncomingMessage): boolean {
  const { origin, host, 'sec-fetch-site': site } = headers;
  if (site !== undefined) return site !== 'same-origin' && site !== 'none';
  return origin !== undefined && (!URL.canParse(origin) || new URL(origin).host !== host);
}

async function readForm(request: IncomingMessage): Promise<URLSearchParams | undefined> {
  let text = '';
  for await (const chunk of request.setEncoding('utf8')) {
    text += String(chunk);
    if (text.length > formLimit) return undefined;
  }
  return new URLSearchParams(text);
}
