// Explains failed expectations: lists the published messages, the problems of clients, and the log of the server.
import { nearest } from '../message/nearest.js';
import type { TestEnvironment } from './environment.js';
import { formatProblem, formatThrown, formatValue, type ProblemReport } from './failure.js';

const maxLines = 10;

/** The message that an expectation looked for. */
export interface Expected {
  readonly destination: string;
  /** The session that should have received it. */
  readonly session?: string;
  /** Number of publications before the subscription started. */
  readonly since?: number;
}

/** Lists the publications and their receivers, and marks the destination that is most similar to the expected one. */
export function explainPublications(
  environment: TestEnvironment,
  { destination, session, since = 0 }: Expected,
): string[] {
  const publications = environment.recorder.publications.flatMap((publication, index) => {
    const { destination: to, payload } = environment.publishedMessage(publication);
    // `explainProblems` lists these.
    if (to === environment.problemDestination) return [];
    const sessions = [...new Set(publication.to)];
    const labels = sessions.map((each) => environment.labelOf(each)).join(', ');
    const early = index < since ? ', before the subscription started' : '';
    const missed = session === undefined || !sessions.includes(session);
    return {
      to,
      missed,
      line: `${to} ${formatValue(payload)} to ${labels || 'no client'}${early}`,
    };
  });
  if (publications.length === 0) return ['Nothing was published.'];
  const missed = publications.filter((each) => each.missed).map(({ to }) => to);
  const similar = missed.length === 0 ? undefined : nearest(destination, missed);
  const lines = publications.map(({ to, line }) => (to === similar ? `${line} <- nearest` : line));
  return section('Published:', lines);
}

/** Lists the problems that clients received, and the warnings and errors of the log. */
export function explainProblems(environment: TestEnvironment): string[] {
  const problems = [...environment.clients.values()].flatMap(({ label, allProblems }) =>
    allProblems.map((problem) => `${label} received ${describeProblem(environment, problem)}`),
  );
  const logged = environment.recorder.log
    .filter(({ level }) => level !== 'info')
    .map(({ text, cause }) => (cause === undefined ? text : `${text} ${formatThrown(cause)}`));
  return [
    ...(problems.length === 0 ? [] : section('Problems:', problems)),
    ...(logged.length === 0 ? [] : section('Logged:', logged)),
  ];
}

/** Formats a problem; for a destination without a handler, adds the handler of the known destination that its text names. */
export function describeProblem({ server }: TestEnvironment, problem: ProblemReport): string {
  const text = formatProblem(problem);
  if (problem.code !== 'no-route') return text;
  const named = server.routes().find(({ destination }) => text.includes(`'${destination}'`));
  return named === undefined ? text : `${text} Its handler is ${named.handler}.`;
}

/** Shows the latest lines, because the test has just caused them. */
function section(title: string, lines: readonly string[]): string[] {
  const omitted = lines.length - maxLines;
  return [
    title,
    ...(omitted > 0 ? [`  (${omitted} earlier omitted)`] : []),
    ...lines.slice(-maxLines).map((line) => `  ${line}`),
  ];
}
