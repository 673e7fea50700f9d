// The regular expressions of patterns (`{id:\d+}`): a subset that an automaton can follow without ever going back.
import type { MessagingError } from '../message/error.js';

/** Makes the error for a position of the pattern, counted from 0. */
export type Refuse = (position: number, problem: string) => MessagingError;

/** What a text may look like. Ranges are pairs of UTF-16 units, first and last. */
export type Expression =
  | { readonly kind: 'set'; readonly ranges: readonly number[] }
  | { readonly kind: 'sequence'; readonly parts: readonly Expression[] }
  | { readonly kind: 'choice'; readonly options: readonly Expression[] }
  | {
      readonly kind: 'repeat';
      readonly body: Expression;
      readonly min: number;
      readonly max: number;
    };

const unit = (character: string): number => character.charCodeAt(0);
const range = (ends: string): number[] => Array.from(ends, unit);

const shorthands: Readonly<Record<string, readonly number[]>> = {
  d: range('09'),
  w: range('09AZ__az'),
  s: range('\t\r  '),
};

const surrogates = [0xd800, 0xdfff];
const pair: Expression = {
  kind: 'sequence',
  parts: [
    { kind: 'set', ranges: [0xd800, 0xdbff] },
    { kind: 'set', ranges: [0xdc00, 0xdfff] },
  ],
};

/** One character, also one of two UTF-16 units, that does not lie in the ranges. */
function outside(ranges: readonly number[]): Expression {
  return {
    kind: 'choice',
    options: [{ kind: 'set', ranges: gaps([...ranges, ...surrogates]) }, pair],
  };
}

function gaps(ranges: readonly number[]): number[] {
  const pairs = ranges.flatMap((first, i) =>
    i % 2 === 0 ? [[first, ranges[i + 1]!] as const] : [],
  );
  const result: number[] = [];
  let next = 0;
  for (const [first, last] of pairs.sort(([a], [b]) => a - b)) {
    if (first > next) result.push(next, first - 1);
    next = Math.max(next, last + 1);
  }
  return next > 0xffff ? result : [...result, next, 0xffff];
}

/** One character, line ends included (Spring compiles its patterns with DOTALL). */
export const anyCharacter = outside([]);

/** Any text, the empty one included. */
export const anyText: Expression = {
  kind: 'repeat',
  body: { kind: 'set', ranges: [0, 0xffff] },
  min: 0,
  max: Infinity,
};

/** A text that stands for itself. */
export function exactly(text: string): Expression {
  return {
    kind: 'sequence',
    parts: Array.from({ length: text.length }, (_, i) => one(text.charCodeAt(i))),
  };
}

function one(code: number): Expression {
  return { kind: 'set', ranges: [code, code] };
}

/**
 * Reads the expression between two positions of a pattern: literals, `\d \w \s \D \W \S`, escaped punctuation, `.`, classes,
 * `(?:...)`, `|`, `* + ?` and `{n}`, `{n,}`, `{n,m}`. All else is refused, above all what needs to go back in the text.
 */
export function parseExpression(
  pattern: string,
  from: number,
  to: number,
  refuse: Refuse,
): Expression {
  return new ExpressionParser(pattern, from, to, refuse).whole();
}

/** The largest n of `{n}`; the automaton's limit of states would stop a larger one anyway. */
const longestRepeat = 1000;

class ExpressionParser {
  constructor(
    private readonly text: string,
    private at: number,
    private readonly end: number,
    private readonly refuse: Refuse,
  ) {}

  whole(): Expression {
    const expression = this.#choice();
    if (this.at < this.end) throw this.refuse(this.at, 'a parenthesis closes that never opened');
    return expression;
  }

  #choice(): Expression {
    const options = [this.#sequence()];
    while (this.#take('|')) options.push(this.#sequence());
    return options.length === 1 ? options[0]! : { kind: 'choice', options };
  }

  #sequence(): Expression {
    const parts: Expression[] = [];
    while (this.at < this.end && !this.#sees('|)')) parts.push(this.#repeated());
    if (parts.length === 0) throw this.refuse(this.at, 'an expression or alternative is empty');
    return parts.length === 1 ? parts[0]! : { kind: 'sequence', parts };
  }

  #repeated(): Expression {
    const body = this.#atom();
    const start = this.at;
    const bounds = this.#bounds();
    if (bounds === undefined) return body;
    const [min, max] = bounds;
    if (max === 0 || min > max) throw this.refuse(start, 'the repetition can never be met');
    if (this.#sees('*+?{'))
      throw this.refuse(this.at, 'a repetition may not be repeated, lazy or possessive');
    return { kind: 'repeat', body, min, max };
  }

  #bounds(): readonly [min: number, max: number] | undefined {
    if (this.#take('*')) return [0, Infinity];
    if (this.#take('+')) return [1, Infinity];
    if (this.#take('?')) return [0, 1];
    if (!this.#take('{')) return undefined;
    const min = this.#count();
    const max = this.#take(',') ? (this.#sees('}') ? Infinity : this.#count()) : min;
    if (!this.#take('}')) throw this.refuse(this.at, 'a repetition must read {n}, {n,} or {n,m}');
    return [min, max];
  }

  #count(): number {
    const start = this.at;
    while (this.at < this.end && this.#sees('0123456789')) this.at++;
    const count = Number(this.text.slice(start, this.at));
    if (start === this.at || count > longestRepeat) {
      throw this.refuse(start, `a repetition needs a number up to ${longestRepeat}`);
    }
    return count;
  }

  #atom(): Expression {
    const start = this.at;
    if (this.#take('.')) return anyCharacter;
    if (this.#take('[')) return this.#class(start);
    if (this.#take('\\')) return this.#escape(start);
    if (this.#take('(')) return this.#group(start);
    if (this.#sees('*+?{}])^$'))
      throw this.refuse(start, 'a special character must be escaped here');
    const character = String.fromCodePoint(this.text.codePointAt(start)!);
    this.at += character.length;
    return character.length === 1 ? one(unit(character)) : exactly(character);
  }

  #group(start: number): Expression {
    if (!this.#take('?') || !this.#take(':')) {
      throw this.refuse(
        start,
        'groups must be written (?:...): captures, flags and look-around are not supported',
      );
    }
    const inner = this.#choice();
    if (!this.#take(')')) throw this.refuse(start, 'a parenthesis is never closed');
    return inner;
  }

  #escape(start: number): Expression {
    const character = this.#escaped(start);
    const ranges = shorthands[character];
    if (ranges !== undefined) return { kind: 'set', ranges };
    const opposite = shorthands[character.toLowerCase()];
    return opposite === undefined ? one(unit(character)) : outside(opposite);
  }

  /** The character behind a backslash: a shorthand's letter or punctuation. */
  #escaped(start: number): string {
    const character = this.at < this.end ? this.text[this.at]! : '';
    if (!/^(?:[dwsDWS]|[!-/:-@[-`{-~])$/.test(character))
      throw this.refuse(start, 'the escape is not supported');
    this.at++;
    return character;
  }

  #class(start: number): Expression {
    const negated = this.#take('^');
    const ranges: number[] = [];
    while (!this.#take(']')) {
      if (this.at >= this.end) throw this.refuse(start, 'a class is never closed');
      ranges.push(...this.#member());
    }
    if (ranges.length === 0) throw this.refuse(start, 'a class is empty');
    return negated ? outside(ranges) : { kind: 'set', ranges };
  }

  #member(): readonly number[] {
    const start = this.at;
    const first = this.#classUnit();
    if (typeof first !== 'number') return first;
    // A dash before the closing bracket is a dash.
    if (!this.#sees('-') || this.text[this.at + 1] === ']') return [first, first];
    this.at++;
    const last = this.#classUnit();
    if (typeof last !== 'number' || last < first)
      throw this.refuse(start, 'the range of a class is reversed');
    return [first, last];
  }

  #classUnit(): number | readonly number[] {
    const start = this.at;
    if (this.#take('\\')) {
      const character = this.#escaped(start);
      if (/[DWS]/.test(character))
        throw this.refuse(start, 'the escape is not supported in a class');
      return shorthands[character] ?? unit(character);
    }
    if (this.at >= this.end) throw this.refuse(start, 'a class is never closed');
    const code = this.text.charCodeAt(this.at++);
    // Java reads `[a[b]]` and `[a&&b]` as union and intersection; to take them literally would surprise.
    if (code === unit('[') || (code === unit('&') && this.#sees('&'))) {
      throw this.refuse(start, 'classes in classes are not supported');
    }
    if (code >= surrogates[0]! && code <= surrogates[1]!) {
      throw this.refuse(start, 'a class may hold characters up to U+FFFF only');
    }
    return code;
  }

  #sees(characters: string): boolean {
    return this.at < this.end && characters.includes(this.text[this.at]!);
  }

  #take(character: string): boolean {
    if (!this.#sees(character)) return false;
    this.at++;
    return true;
  }
}
