// The parser of application patterns: segments, variables, and the numbers that rank a pattern.
import { MessagingError } from '../message/error.js';
import { segmentOf, type Part, type Segment } from './segment.js';
import { deepAfterSlash, type Separator } from './separator.js';

/** Segments of one pattern. */
export const maxSegments = 32;

export interface ParsedPattern {
  readonly segments: readonly Segment[];
  readonly variables: readonly string[];
  /** Number of `*` that are not part of `**`. */
  readonly stars: number;
  /** Number of characters; a variable counts as one. */
  readonly length: number;
}

/** @throws {MessagingError} `pattern-invalid`, with the pattern and the position of the problem */
export function parsePattern(pattern: string, separator: Separator): ParsedPattern {
  return new PatternParser(pattern, separator).parse();
}

class PatternParser {
  readonly #segments: Segment[] = [];
  readonly #variables: string[] = [];
  #parts: Part[] = [];
  #at = 0;
  #segmentStart = 0;
  #stars = 0;
  #length: number;

  constructor(
    private readonly pattern: string,
    private readonly separator: Separator,
  ) {
    this.#length = pattern.length;
  }

  parse(): ParsedPattern {
    const misplaced = this.separator === '/' ? -1 : this.pattern.indexOf('/**');
    if (misplaced !== -1) throw this.#invalid(misplaced, deepAfterSlash);
    while (this.#at < this.pattern.length) this.#next();
    this.#endSegment();
    return {
      segments: this.#segments,
      variables: this.#variables,
      stars: this.#stars,
      length: this.#length,
    };
  }

  #next(): void {
    const start = this.#at;
    switch (this.pattern[start]) {
      case this.separator:
        this.#endSegment();
        this.#segmentStart = ++this.#at;
        return;
      case '*':
        this.#at++;
        this.#stars++;
        this.#parts.push({ kind: 'any' });
        return;
      case '?':
        this.#at++;
        this.#parts.push({ kind: 'character' });
        return;
      case '{':
        this.#variable();
        return;
      case '}':
        throw this.#invalid(start, 'a brace is closed but not opened');
      default:
        while (this.#at < this.pattern.length && !this.#special()) this.#at++;
        this.#parts.push({ kind: 'text', text: this.pattern.slice(start, this.#at) });
    }
  }

  #special(): boolean {
    const character = this.pattern[this.#at]!;
    return character === this.separator || '*?{}'.includes(character);
  }

  #variable(): void {
    const start = this.#at;
    const end = this.#closingBrace(start);
    const colon = this.pattern.indexOf(':', start);
    const constrained = colon !== -1 && colon < end;
    const name = this.pattern.slice(start + 1, constrained ? colon : end);
    if (name === '') throw this.#invalid(start, 'a variable has no name');
    for (const character of ['*', '?', '{', '}', this.separator]) {
      if (name.includes(character))
        throw this.#invalid(start, `the name of a variable must not contain '${character}'`);
    }
    if (this.#variables.includes(name))
      throw this.#invalid(start, 'two variables have the same name');
    this.#variables.push(name);
    if (constrained) {
      const source = this.pattern.slice(colon + 1, end);
      if (source === '') throw this.#invalid(colon + 1, 'the expression of a variable is empty');
      this.#parts.push({ kind: 'expression', name, source });
    } else this.#parts.push({ kind: 'any', name });
    this.#length -= end - start;
    this.#at = end + 1;
  }

  /** Braces within an expression are in pairs, or escaped by a backslash. */
  #closingBrace(start: number): number {
    let depth = 0;
    for (let at = start; at < this.pattern.length; at++) {
      const character = this.pattern[at];
      if (character === '\\') at++;
      else if (character === '{') depth++;
      else if (character === '}' && --depth === 0) return at;
    }
    throw this.#invalid(start, 'a brace is not closed');
  }

  #endSegment(): void {
    const start = this.#segmentStart;
    if (this.#at === start) return;
    if (this.#segments.length === maxSegments)
      throw this.#invalid(start, `a pattern has at most ${maxSegments} segments`);
    const deep = this.pattern.slice(start, this.#at) === '**';
    if (deep) this.#stars -= 2;
    this.#segments.push(deep ? { kind: 'deep' } : this.#segment(start));
    this.#parts = [];
  }

  #segment(start: number): Segment {
    try {
      return segmentOf(this.#parts);
    } catch (cause) {
      throw this.#invalid(start, (cause as Error).message, cause);
    }
  }

  #invalid(position: number, problem: string, cause?: unknown): MessagingError {
    return new MessagingError(
      'pattern-invalid',
      `The pattern '${this.pattern}' is not valid at position ${position}: ${problem}.`,
      { cause },
    );
  }
}
