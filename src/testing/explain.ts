// Why an expectation did not come true: what was published instead, to whom, and what went wrong.
import { inspect } from 'node:util';
import { MessagingError } from '../message/error.js';
import { nearest } from '../message/nearest.js';
import type { Ending, ProblemWords } from './client-problem.js';
import { labelIn, problemDestination, publishedOf, type Scene } from './scene.js';

const longestText = 160;
const mostLines = 10;

/** A value on one line. */
export function show(value: unknown): string {
  if (value === undefined) return 'no payload';
  if (value instanceof Uint8Array) return `<${value.length} octets>`;
  const text = inspect(value, { breakLength: Infinity, depth: 4 });
  return text.length > longestText ? `${text.slice(0, longestText)}...` : text;
}

export function showEnding({ code, reason }: Ending): string {
  return `closed with ${code}${reason === '' ? '' : ` ${reason}`}`;
}

export function showProblem({
  code,
  message,
  destination,
  detail,
  fields = [],
}: ProblemWords): string {
  const place = destination === undefined ? '' : ` at ${destination}`;
  const wrong = fields
    .map((field) => `${field.path || 'the payload'}: ${field.message}`)
    .join('; ');
  const more = wrong || (detail ?? '');
  return `${code}${place}: ${message}${more === '' ? '' : ` (${more})`}`;
}

/** Who looks for a message. */
export interface Seeker {
  readonly destination: string;
  readonly session?: string;
  /** How many publications there were when it began to listen. */
  readonly since?: number;
}

/** What was published and to whom, the nearest to what is looked for marked; problems are told elsewhere. */
export function explainPublished(
  scene: Scene,
  { destination, session, since = 0 }: Seeker,
): string[] {
  const seen = scene.publications.all.flatMap((publication, at) => {
    const { destination: to, payload } = publishedOf(scene, publication);
    if (to === problemDestination(scene)) return [];
    const readers = [...new Set(publication.to)];
    const whom = readers.map((reader) => labelIn(scene, reader)).join(', ') || 'nobody';
    const early = at < since ? ', before the subscription began' : '';
    const missed = session === undefined || !readers.includes(session);
    return { to, missed, line: `${to} ${show(payload)} to ${whom}${early}` };
  });
  if (seen.length === 0) return ['Nothing was published.'];
  const missed = seen.filter((each) => each.missed).map(({ to }) => to);
  const close = missed.length === 0 ? undefined : nearest(destination, missed);
  const lines = seen.map(({ to, line }) => (to === close ? `${line} <- nearest` : line));
  return section('Published:', lines);
}

/** What clients were told of failures, and what the server logged. */
export function explainProblems(scene: Scene): string[] {
  const told = [...scene.players.values()].flatMap(({ label, told: problems }) =>
    problems.map(
      (problem) => `${label} was told ${showProblem(problem)}${nearestRoute(scene, problem)}`,
    ),
  );
  const logged = scene.log.entries
    .filter(({ level }) => level !== 'info')
    .map(({ text, cause }) => (cause === undefined ? text : `${text} ${showThrown(cause)}`));
  return [
    ...(told.length === 0 ? [] : section('Problems:', told)),
    ...(logged.length === 0 ? [] : section('Logged:', logged)),
  ];
}

/** For a destination that nothing serves: the route that may have been meant. */
export function nearestRoute({ server }: Scene, { code, destination }: ProblemWords): string {
  const routes = server.routes();
  if (code !== 'no-route' || destination === undefined || routes.length === 0) return '';
  const close = nearest(
    destination,
    routes.map((route) => route.destination),
  );
  const { on, handler } = routes.find((route) => route.destination === close)!;
  return ` The nearest is ${on.toUpperCase()} ${close} (${handler}).`;
}

/** What was thrown, with the line that threw it. */
function showThrown(thrown: unknown): string {
  if (!(thrown instanceof Error)) return show(thrown);
  const place = thrown.stack?.split('\n').find((line) => line.trimStart().startsWith('at '));
  const name = thrown instanceof MessagingError ? thrown.code : thrown.name;
  return `${name}: ${thrown.message}${place === undefined ? '' : `\n    ${place.trim()}`}`;
}

/** The last lines, since they are what a test has just caused. */
function section(title: string, lines: readonly string[]): string[] {
  const left = lines.length - mostLines;
  return [
    title,
    ...(left > 0 ? [`  (${left} more before)`] : []),
    ...lines.slice(-mostLines).map((line) => `  ${line}`),
  ];
}
