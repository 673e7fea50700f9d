// Options of the greeting server from environment variables, so that tests of other clients can run against it.
import { MessagingError, tcpTransport, type ServerOptions } from 'signalbox';

/**
 * Options from `STOMP_PORT` (`61613`: STOMP over TCP as well, on `HOST`), `HEARTBEAT` (`500,500`:
 * `minSendInterval` and `expectedInterval`, in milliseconds), `LOGIN` (`guest:guest`: a wrong passcode is refused, anonymous still works) and `MAX_FRAME` (bytes).
 * Options of absent variables keep their defaults.
 */
export function fromEnvironment(environment: NodeJS.ProcessEnv): Partial<ServerOptions> {
  return {
    ...stompPort(environment['STOMP_PORT'], environment['HOST']),
    ...heartbeat(environment['HEARTBEAT']),
    ...login(environment['LOGIN']),
    ...maxFrame(environment['MAX_FRAME']),
  };
}

function stompPort(text: string | undefined, host?: string): Partial<ServerOptions> {
  if (text === undefined) return {};
  if (!/^\d+$/.test(text) || Number(text) > 65_535)
    throw new Error(`STOMP_PORT must be a number from 0 to 65535, not '${text}'.`);
  return { transports: [tcpTransport({ port: Number(text), host })] };
}

function heartbeat(text: string | undefined): Partial<ServerOptions> {
  if (text === undefined) return {};
  const [, minSendInterval, expectedInterval] = /^(\d+),(\d+)$/.exec(text) ?? [];
  if (minSendInterval === undefined)
    throw new Error(`HEARTBEAT must be two numbers, such as 500,500, not '${text}'.`);
  return {
    heartbeat: {
      minSendInterval: Number(minSendInterval),
      expectedInterval: Number(expectedInterval),
    },
  };
}

function login(text: string | undefined): Partial<ServerOptions> {
  if (text === undefined) return {};
  const colon = text.indexOf(':');
  if (colon < 1)
    throw new Error(`LOGIN must be a name and a passcode, such as guest:guest, not '${text}'.`);
  const [name, expected] = [text.slice(0, colon), text.slice(colon + 1)];
  return {
    authenticate({ login: given, passcode }) {
      if (given === undefined) return undefined;
      if (given !== name || passcode !== expected) throw new MessagingError('access-refused');
      return { name };
    },
  };
}

function maxFrame(text: string | undefined): Partial<ServerOptions> {
  if (text === undefined) return {};
  if (!/^\d+$/.test(text)) throw new Error(`MAX_FRAME must be a number of bytes, not '${text}'.`);
  return { limits: { maxFrameBytes: Number(text) } };
}
