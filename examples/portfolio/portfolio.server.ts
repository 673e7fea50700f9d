// The server of the portfolio, and its pages.
import type { Server as HttpServer } from 'node:http';
import {
  createServer,
  MessagingError,
  type Authenticator,
  type HandshakeInterceptor,
  type Server,
  type ServerOptions,
} from 'signalbox';
import { accessRules } from './access-rules.js';
import { Logins, type Login } from './accounts.js';
import { foldersFor } from './folders.js';
import { PortfolioController } from './portfolio.controller.js';
import { Quotes } from './quotes.js';
import { serveWeb } from './web.js';

/** The options of the portfolio, for its server and its tests. */
export const portfolio = {
  controllers: [PortfolioController],
  interceptors: [accessRules],
  // As in Spring, a client that sends a frame that is not allowed is disconnected.
  onRejectedFrame: 'close',
} satisfies ServerOptions;

/** The path of the original, which its page always connects to. */
const originalPath = '/spring-websocket-portfolio/portfolio';

export async function mount(http: HttpServer, base: string): Promise<Server> {
  const logins = new Logins();
  const paths = new Set([`${base}portfolio`, originalPath]);
  const server = await createServer({
    ...portfolio,
    authenticate: authenticatorOf(logins),
    handshakeInterceptors: [userOfLogin(logins)],
    endpoints: [...paths].map((path) => ({ path, sockjs: true })),
  });
  await server.attach(http);
  serveWeb(http, base, {
    logins,
    folders: foldersFor(process.env['WEBAPP']),
    users: () => server.sessions.users(),
    onLogout: (login) => disconnect(server, login),
  });
  (await server.get(Quotes)).start();
  return server;
}

/** The cookie of the login identifies the user. */
function authenticatorOf(logins: Logins): Authenticator {
  return (_connect, { headers }) => {
    const login = logins.find(headers.get('cookie'));
    if (login === undefined) throw new MessagingError('access-refused');
    return login.user;
  };
}

/** Binds SockJS sessions to their user: requests of other users get 404, also those from the same address. */
function userOfLogin(logins: Logins): HandshakeInterceptor {
  return {
    before({ headers }) {
      const login = logins.find(headers.get('cookie'));
      // `authenticate` refuses clients without a login, so that they receive an ERROR frame.
      return login && { principal: login.user };
    },
  };
}

/** Ends the sessions of one browser. Other browsers of the same user stay connected. */
function disconnect(server: Server, { user }: Login): void {
  for (const session of server.sessions.ofUser(user.name))
    if (session.principal === user) session.close(1000, 'The user has logged out.');
}
