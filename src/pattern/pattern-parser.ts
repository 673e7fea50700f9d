// The text of a destination pattern, read once: its segments, its variables, and what Spring ranks patterns by.
import { Automaton, stateLimit } from './automaton.js';
import { MessagingError } from '../message/error.js';
import {
  anyCharacter,
  anyText,
  exactly,
  parseExpression,
  type Expression,
  type Refuse,
} from './expression.js';
import { segmentLimit, type Piece, type Segment } from './segment.js';

export type Separator = '/' | '.';

export interface ParsedPattern {
  readonly segments: readonly Segment[];
  readonly variables: readonly string[];
  /** `*` outside of `**`. */
  readonly stars: number;
  /** Characters, a variable counting as one. */
  readonly length: number;
}

/** What a segment is made of before it is known which kind it is. */
type Token =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'character' }
  | { readonly kind: 'any'; readonly name?: string }
  | { readonly kind: 'expression'; readonly name: string; readonly expression: Expression };

/** @throws MessagingError `pattern-invalid`; the pattern is named only where the application wrote it (`expressions`) */
export function parsePattern(
  pattern: string,
  separator: Separator,
  expressions: boolean,
): ParsedPattern {
  const refuse: Refuse = (position, problem) => {
    const named = expressions ? `The pattern '${pattern}'` : 'The pattern';
    return new MessagingError(
      'pattern-invalid',
      `${named} is not valid at position ${position}: ${problem}.`,
    );
  };
  return new PatternParser(pattern, separator, expressions, refuse).parse();
}

class PatternParser {
  readonly #segments: Segment[] = [];
  readonly #variables: string[] = [];
  #tokens: Token[] = [];
  #at = 0;
  #segmentStart = 0;
  #stars = 0;
  #length: number;

  constructor(
    private readonly pattern: string,
    private readonly separator: Separator,
    private readonly expressions: boolean,
    private readonly refuse: Refuse,
  ) {
    this.#length = pattern.length;
  }

  parse(): ParsedPattern {
    while (this.#at < this.pattern.length) this.#next();
    this.#endSegment();
    // Copies have no room to grow: a million subscribed patterns would carry it along.
    return {
      segments: this.#segments.slice(),
      variables: this.#variables.slice(),
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
        this.#tokens.push({ kind: 'any' });
        return;
      case '?':
        this.#at++;
        this.#tokens.push({ kind: 'character' });
        return;
      case '{':
        this.#variable();
        return;
      case '}':
        throw this.refuse(start, 'a brace closes that never opened');
      default:
        while (this.#at < this.pattern.length && !this.#special()) this.#at++;
        this.#tokens.push({ kind: 'text', text: this.pattern.slice(start, this.#at) });
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
    if (name === '') throw this.refuse(start, 'a variable has no name');
    for (const character of ['*', '?', '{', '}', this.separator]) {
      if (name.includes(character))
        throw this.refuse(start, `a variable's name may not hold '${character}'`);
    }
    if (this.#variables.includes(name)) throw this.refuse(start, 'two variables have one name');
    if (constrained && !this.expressions)
      throw this.refuse(colon, 'expressions are not allowed here');
    this.#variables.push(name);
    this.#tokens.push(
      constrained
        ? {
            kind: 'expression',
            name,
            expression: parseExpression(this.pattern, colon + 1, end, this.refuse),
          }
        : { kind: 'any', name },
    );
    this.#length -= end - start;
    this.#at = end + 1;
  }

  /** Braces of an expression are in pairs, or behind a backslash. */
  #closingBrace(start: number): number {
    let depth = 0;
    for (let at = start; at < this.pattern.length; at++) {
      const character = this.pattern[at];
      if (character === '\\') at++;
      else if (character === '{') depth++;
      else if (character === '}' && --depth === 0) return at;
    }
    throw this.refuse(start, 'a brace is never closed');
  }

  #endSegment(): void {
    const start = this.#segmentStart;
    if (this.#at === start) return;
    if (this.#segments.length === segmentLimit) {
      throw this.refuse(start, `a pattern has at most ${segmentLimit} segments`);
    }
    const deep = this.pattern.slice(start, this.#at) === '**';
    if (deep) this.#stars -= 2;
    this.#segments.push(deep ? { kind: 'deep' } : this.#segment(this.#tokens));
    this.#tokens = [];
  }

  #segment(tokens: readonly Token[]): Segment {
    const [only] = tokens;
    if (tokens.length === 1 && only!.kind === 'text') return { kind: 'literal', text: only!.text };
    if (tokens.length === 1 && only!.kind === 'any') return { kind: 'any', name: only!.name };
    return glob(tokens) ?? { kind: 'expression', pieces: this.#pieces(tokens) };
  }

  /** One piece a variable, and one for all that stands between two of them. */
  #pieces(tokens: readonly Token[]): Piece[] {
    const start = this.#segmentStart;
    const tooLarge = () => this.refuse(start, `the segment needs more than ${stateLimit} states`);
    const pieces: Piece[] = [];
    let between: Expression[] = [];
    const add = (name: string | undefined, expression: Expression) =>
      pieces.push({
        name,
        forward: new Automaton(expression, 'forward', tooLarge),
        backward: new Automaton(expression, 'backward', tooLarge),
      });
    const flush = () => {
      if (between.length > 0) add(undefined, { kind: 'sequence', parts: between });
      between = [];
    };
    for (const token of tokens) {
      const name = 'name' in token ? token.name : undefined;
      if (name !== undefined) flush();
      if (name === undefined) between.push(expressionOf(token));
      else add(name, expressionOf(token));
    }
    flush();
    return pieces;
  }
}

function expressionOf(token: Token): Expression {
  switch (token.kind) {
    case 'text':
      return exactly(token.text);
    case 'character':
      return anyCharacter;
    case 'any':
      return anyText;
    case 'expression':
      return token.expression;
    default:
      return token satisfies never;
  }
}

/** Texts with anything between them, or undefined when more is asked of the segment. */
function glob(tokens: readonly Token[]): Segment | undefined {
  const texts: string[] = [''];
  const names: (string | undefined)[] = [];
  for (const token of tokens) {
    if (token.kind === 'text') texts[texts.length - 1] += token.text;
    else if (token.kind === 'any') {
      names.push(token.name);
      texts.push('');
    } else return undefined;
  }
  return { kind: 'glob', texts: texts.slice(), names: names.slice() };
}
