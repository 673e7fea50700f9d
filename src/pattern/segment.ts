// What one segment of a destination may look like: what stands between two separators of a pattern, ready to be compared.
import type { Automaton } from './automaton.js';

/** Segments that a pattern may have. */
export const segmentLimit = 32;

export type Segment =
  /** `**`: any number of segments. */
  | { readonly kind: 'deep' }
  /** `*` or `{name}`: one segment, whatever it is. */
  | { readonly kind: 'any'; readonly name: string | undefined }
  | { readonly kind: 'literal'; readonly text: string }
  | Glob
  /** `{id:\d+}`, `t?st`: one automaton, or several where a variable begins or ends inside. */
  | { readonly kind: 'expression'; readonly pieces: readonly Piece[] };

/** `price.*`, `{a}-{b}`: texts with anything between each two; `names[i]` stands between `texts[i]` and `texts[i + 1]`. */
export interface Glob {
  readonly kind: 'glob';
  readonly texts: readonly string[];
  readonly names: readonly (string | undefined)[];
}

/** A variable, or all that stands between two of them. */
export interface Piece {
  readonly name: string | undefined;
  readonly forward: Automaton;
  readonly backward: Automaton;
}

/**
 * Whether the segment stands in `text` between two positions. With `into`, a match also leaves what the variables stand
 * for: the first takes all it can, then the second, and so on (as Spring's greedy `(.*)`).
 */
export function matchesSegment(
  segment: Segment,
  text: string,
  from: number,
  to: number,
  into?: Map<string, string>,
): boolean {
  switch (segment.kind) {
    case 'literal':
      return to - from === segment.text.length && text.startsWith(segment.text, from);
    case 'any':
      if (segment.name !== undefined) into?.set(segment.name, text.slice(from, to));
      return true;
    case 'deep':
      return true;
    case 'glob':
      return matchesGlob(segment, text, from, to, into);
    case 'expression':
      return matchesPieces(segment.pieces, text, from, to, into);
    default:
      return segment satisfies never;
  }
}

/** From the end, each text as late as it can be: what stands before it gets the most, and nothing is tried twice. */
function matchesGlob(
  { texts, names }: Glob,
  text: string,
  from: number,
  to: number,
  into: Map<string, string> | undefined,
): boolean {
  const first = texts[0]!;
  const last = texts.at(-1)!;
  const begin = from + first.length;
  let end = to - last.length;
  if (end < begin || !text.startsWith(first, from) || !text.startsWith(last, end)) return false;
  for (let i = names.length - 1; i >= 0; i--) {
    const before = i === 0 ? '' : texts[i]!;
    let at = i === 0 ? begin : end - before.length;
    // Not lastIndexOf: it would search on to the left of the segment.
    while (at >= begin && !text.startsWith(before, at)) at--;
    if (at < begin) return false;
    const name = names[i];
    if (name !== undefined) into?.set(name, text.slice(at + before.length, end));
    end = at;
  }
  return true;
}

/** First from the end, where the rest behind each piece could begin; then from the start, each piece as long as that allows. */
function matchesPieces(
  pieces: readonly Piece[],
  text: string,
  from: number,
  to: number,
  into: Map<string, string> | undefined,
): boolean {
  const [only] = pieces;
  if (pieces.length === 1) {
    if (only!.forward.longest(text, from, to) !== to) return false;
    if (only!.name !== undefined) into?.set(only!.name, text.slice(from, to));
    return true;
  }
  const ends: Uint8Array[] = [new Uint8Array(to - from + 1).fill(1, to - from)];
  for (let i = pieces.length - 1; i > 0; i--) {
    ends.unshift(pieces[i]!.backward.starts(text, from, to, ends[0]!));
  }
  let at = from;
  for (const [i, { name, forward }] of pieces.entries()) {
    const end = forward.longest(text, at, to, ends[i]!.subarray(at - from));
    if (end < 0) return false;
    if (name !== undefined) into?.set(name, text.slice(at, end));
    at = end;
  }
  return true;
}
