// The failures of a test: problem reports, ended sessions and failed expectations, with their texts.
import { inspect } from 'node:util';
import { MessagingError, type FieldProblem } from '../message/error.js';

/**
 * A problem as the server reports it to a client.
 *
 * @see docs/reference/errors.md
 */
export interface ProblemReport {
  /** Error code, such as `payload-invalid`. */
  readonly code: string;
  /** One sentence for people. */
  readonly message: string;
  /** Further text for people. */
  readonly detail?: string | undefined;
  /** Destination of the frame that failed. */
  readonly destination?: string | undefined;
  /** Receipt id that the failed frame requested. */
  readonly receipt?: string | undefined;
  /** Invalid fields of the payload. */
  readonly fields?: readonly FieldProblem[] | undefined;
}

/** A problem that a client received: a report of the server, or the value that an exception handler returned. */
export interface ClientProblem extends ProblemReport {
  /** Further fields, when an exception handler returned the value. */
  readonly [more: string]: unknown;
}

/** How a session ended. */
export interface SessionEnd {
  /** Close code of the connection, such as 1000. */
  readonly code: number;
  /** Close reason; empty if there is none. */
  readonly reason: string;
}

/** Error that the test kit throws: an expectation failed, or the kit was used incorrectly. */
export class TestFailure extends Error {
  /** Always `TestFailure`. */
  override readonly name = 'TestFailure';
  /** The problem that the client received, if the server rejected the frame that the test sent. */
  readonly problem: ClientProblem | undefined;

  constructor(message: string, problem?: ClientProblem) {
    super(message);
    this.problem = problem;
  }
}

/** The line of the test that called the kit. */
export interface CallSite {
  readonly stack?: string;
}

/** Captures the caller of a method of the kit. Must run before the first `await`, which cuts the stack. */
export function callSiteOf<T extends object>(called: T, method: keyof T): CallSite {
  const site: CallSite = {};
  Error.captureStackTrace(site, Reflect.get(called, method) as () => unknown);
  return site;
}

/** Creates a failure whose stack starts at the line of the test. */
export function failureAt(site: CallSite, message: string, problem?: ClientProblem): TestFailure {
  const failure = new TestFailure(message, problem);
  const callers = site.stack?.split('\n').slice(1).join('\n') ?? '';
  failure.stack = `${failure.name}: ${message}\n${callers}`;
  return failure;
}

const maxValueLength = 160;

/** Formats a value as one line. */
export function formatValue(value: unknown): string {
  if (value === undefined) return 'no payload';
  if (value instanceof Uint8Array) return `<${value.length} bytes>`;
  const text = inspect(value, { breakLength: Infinity, depth: 4 });
  return text.length > maxValueLength ? `${text.slice(0, maxValueLength)}...` : text;
}

/** Formats the end of a session, such as `closed with 1008 access-refused`. */
export function formatEnd({ code, reason }: SessionEnd): string {
  return `closed with ${code}${reason === '' ? '' : ` ${reason}`}`;
}

/** Formats a problem as one line. */
export function formatProblem(problem: ProblemReport): string {
  const { code, message, destination, detail, fields = [] } = problem;
  const place = destination === undefined ? '' : ` at ${destination}`;
  const invalid = fields
    .map((field) => `${field.path || 'the payload'}: ${field.message}`)
    .join('; ');
  const more = invalid || (detail ?? '');
  return `${code}${place}: ${message}${more === '' ? '' : ` (${more})`}`;
}

/** Formats a thrown value, with the line that threw it. */
export function formatThrown(thrown: unknown): string {
  if (!(thrown instanceof Error)) return formatValue(thrown);
  const line = thrown.stack?.split('\n').find((each) => each.trimStart().startsWith('at '));
  const name = thrown instanceof MessagingError ? thrown.code : thrown.name;
  return `${name}: ${thrown.message}${line === undefined ? '' : `\n    ${line.trim()}`}`;
}

/** Formats a number with its noun, such as `1 message` or `2 messages`. */
export function formatCount(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
