// Decides whether two application patterns of equal rank can match the same destination.
import { compileDestination } from './destination-pattern.js';
import type { Separator } from './separator.js';

const wildcard = /[*?{]/;

/**
 * False when no destination can match both. Also false when their regular expressions for one segment differ, such as `{id:\d+}`
 * and `{name:[a-z]+}`: different expressions are assumed to match different texts.
 */
export function mayOverlap(a: string, b: string, separator: Separator): boolean {
  return segmentsOverlap(segmentsOf(a, separator), segmentsOf(b, separator), separator);
}

function segmentsOverlap(
  a: readonly string[],
  b: readonly string[],
  separator: Separator,
): boolean {
  const [headA, ...restA] = a;
  const [headB, ...restB] = b;
  if (headA === undefined && headB === undefined) return true;
  if (headA === '**')
    return (
      segmentsOverlap(restA, b, separator) ||
      (headB !== undefined && segmentsOverlap(a, restB, separator))
    );
  if (headB === '**')
    return (
      segmentsOverlap(a, restB, separator) ||
      (headA !== undefined && segmentsOverlap(restA, b, separator))
    );
  if (headA === undefined || headB === undefined) return false;
  return segmentOverlaps(headA, headB, separator) && segmentsOverlap(restA, restB, separator);
}

function segmentOverlaps(a: string, b: string, separator: Separator): boolean {
  const wildA = wildcard.test(a);
  const wildB = wildcard.test(b);
  if (wildA && wildB)
    return shapeOf(a) === shapeOf(b) || (!(constrained(a) && constrained(b)) && endsAgree(a, b));
  if (wildA) return matchesLiteral(a, b, separator);
  return wildB ? matchesLiteral(b, a, separator) : a === b;
}

function matchesLiteral(pattern: string, literal: string, separator: Separator): boolean {
  return compileDestination(pattern, separator).match(literal) !== undefined;
}

/** The segment without the names of its variables. */
function shapeOf(segment: string): string {
  return segment.replaceAll(/\{[^:{}]*/g, '{');
}

function constrained(segment: string): boolean {
  return /\{[^:{}]*:/.test(segment);
}

/** True when one text can match the literal texts before the first wildcard and after the last wildcard of both segments. */
function endsAgree(a: string, b: string): boolean {
  const [startA, startB] = [a.slice(0, a.search(wildcard)), b.slice(0, b.search(wildcard))];
  const [endA, endB] = [/[^*?}]*$/.exec(a)![0], /[^*?}]*$/.exec(b)![0]];
  const starts = startA.startsWith(startB) || startB.startsWith(startA);
  return starts && (endA.endsWith(endB) || endB.endsWith(endA));
}

/** Splits at separators, except those within `{name:expression}`. */
function segmentsOf(pattern: string, separator: Separator): string[] {
  const segments = [''];
  let depth = 0;
  for (const character of pattern) {
    if (character === '{') depth++;
    else if (character === '}') depth--;
    if (character === separator && depth === 0) segments.push('');
    else segments[segments.length - 1] += character;
  }
  return segments;
}
