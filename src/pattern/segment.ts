// One segment of an application's pattern: its construction from parts, and its comparison with a segment of a destination.
import { RE2JS, RE2JSSyntaxException } from 're2js';

/** One part of a segment, in the order of the text. */
export type Part =
  | { readonly kind: 'text'; readonly text: string }
  /** `?`: one character. */
  | { readonly kind: 'character' }
  /** `*` or `{name}`: any text. */
  | { readonly kind: 'any'; readonly name?: string }
  /** `{name:source}`. */
  | { readonly kind: 'expression'; readonly name: string; readonly source: string };

export type Segment =
  /** `**`: any number of segments. */
  | { readonly kind: 'deep' }
  /** `*` or `{name}`: one whole segment. */
  | { readonly kind: 'any'; readonly name: string | undefined }
  | { readonly kind: 'literal'; readonly text: string }
  | Glob
  | Expression;

/** `price.*`, `{a}-{b}`: literal texts with any text between them; `names[i]` is between `texts[i]` and `texts[i + 1]`. */
interface Glob {
  readonly kind: 'glob';
  readonly texts: readonly string[];
  readonly names: readonly (string | undefined)[];
}

/** `{id:\d+}`, `t?st`: a regular expression for the whole segment. */
interface Expression {
  readonly kind: 'expression';
  readonly expression: RE2JS;
  readonly variables: readonly Variable[];
}

interface Variable {
  readonly name: string;
  /** Number of its group in the expression; 0 when it is the whole segment. */
  readonly group: number;
}

/** Throws Error with the problem when an expression is malformed. */
export function segmentOf(parts: readonly Part[]): Segment {
  const [only] = parts;
  if (parts.length === 1 && only!.kind === 'text') return { kind: 'literal', text: only!.text };
  if (parts.length === 1 && only!.kind === 'any') return { kind: 'any', name: only!.name };
  return globOf(parts) ?? expressionOf(parts);
}

/** Undefined when the segment needs a regular expression. */
function globOf(parts: readonly Part[]): Glob | undefined {
  const texts = [''];
  const names: (string | undefined)[] = [];
  for (const part of parts) {
    if (part.kind === 'text') texts[texts.length - 1] += part.text;
    else if (part.kind === 'any') {
      names.push(part.name);
      texts.push('');
    } else return undefined;
  }
  return { kind: 'glob', texts, names };
}

function expressionOf(parts: readonly Part[]): Expression {
  const [only] = parts;
  if (parts.length === 1 && only!.kind === 'expression')
    return {
      kind: 'expression',
      expression: compile(only!.source),
      variables: [{ name: only!.name, group: 0 }],
    };
  const variables: Variable[] = [];
  let groups = 0;
  const sources = parts.map((part) => {
    if (part.kind === 'text') return RE2JS.quote(part.text);
    if (part.kind === 'character') return '.';
    if (part.kind === 'any' && part.name === undefined) return '.*';
    const source = part.kind === 'any' ? '.*' : part.source;
    variables.push({ name: part.name!, group: ++groups });
    // Compiled separately first, to reject texts such as `a)(b`, and to count its groups, which shift the numbers of later groups.
    groups += compile(source).groupCount();
    return `(${source})`;
  });
  return { kind: 'expression', expression: compile(sources.join('')), variables };
}

function compile(source: string): RE2JS {
  try {
    return RE2JS.compile(source, RE2JS.DOTALL);
  } catch (cause) {
    const reason = cause instanceof RE2JSSyntaxException ? cause.getDescription() : String(cause);
    throw new Error(`the expression '${source}' is malformed (${reason})`, { cause });
  }
}

/** True when the segment matches the destination between two positions. */
export function matchesSegment(
  segment: Segment,
  destination: string,
  from: number,
  to: number,
): boolean {
  switch (segment.kind) {
    case 'literal':
      return to - from === segment.text.length && destination.startsWith(segment.text, from);
    case 'any':
    case 'deep':
      return true;
    case 'glob':
      return matchesGlob(segment, destination, from, to);
    case 'expression':
      return segment.expression.testExact(destination.slice(from, to));
    default:
      return segment satisfies never;
  }
}

/** Adds the values of the variables of a segment that matches between two positions. */
export function readVariables(
  segment: Segment,
  destination: string,
  from: number,
  to: number,
  values: Map<string, string>,
): void {
  if (segment.kind === 'any') {
    if (segment.name !== undefined) values.set(segment.name, destination.slice(from, to));
  } else if (segment.kind === 'glob') matchesGlob(segment, destination, from, to, values);
  else if (segment.kind === 'expression') readGroups(segment, destination.slice(from, to), values);
}

function readGroups(
  { expression, variables }: Expression,
  text: string,
  values: Map<string, string>,
): void {
  const [first] = variables;
  if (first?.group === 0) values.set(first.name, text);
  else if (first !== undefined) {
    const matcher = expression.matcher(text);
    matcher.matches();
    for (const { name, group } of variables) values.set(name, matcher.group(group) ?? '');
  }
}

/** Finds the texts from right to left, each as late as possible, so that no text is searched twice and the first variable is the longest. */
function matchesGlob(
  { texts, names }: Glob,
  destination: string,
  from: number,
  to: number,
  values?: Map<string, string>,
): boolean {
  const first = texts[0]!;
  const last = texts.at(-1)!;
  const begin = from + first.length;
  let end = to - last.length;
  if (end < begin || !destination.startsWith(first, from) || !destination.startsWith(last, end))
    return false;
  for (let i = names.length - 1; i >= 0; i--) {
    const before = i === 0 ? '' : texts[i]!;
    let at = i === 0 ? begin : end - before.length;
    // `lastIndexOf` would also search before the segment.
    while (at >= begin && !destination.startsWith(before, at)) at--;
    if (at < begin) return false;
    const name = names[i];
    if (name !== undefined) values?.set(name, destination.slice(at + before.length, end));
    end = at;
  }
  return true;
}
