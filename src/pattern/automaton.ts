// Expressions at work: all ways through are followed at once, so that time grows with the text alone (Thompson's construction).
import type { Expression } from './expression.js';

/** States that one automaton may have; `{n,m}` is written out, so a short expression can want very many. */
export const stateLimit = 1000;

/** Takes one UTF-16 unit, or goes several ways without one. */
type State =
  | { readonly kind: 'unit'; readonly ranges: readonly number[]; readonly next: number }
  | { readonly kind: 'fork'; readonly next: number[] };

/** The state behind the last one. */
const accepted = 0;

/** States reached so far; made once, as matching is synchronous and ends before the next begins. */
class StateSet {
  readonly #members = new Uint16Array(stateLimit + 1);
  readonly #places = new Uint16Array(stateLimit + 1);
  size = 0;

  at(place: number): number {
    return this.#members[place]!;
  }

  has(state: number): boolean {
    const place = this.#places[state]!;
    return place < this.size && this.#members[place] === state;
  }

  add(state: number): void {
    this.#places[state] = this.size;
    this.#members[this.size++] = state;
  }
}

let here = new StateSet();
let ahead = new StateSet();

export class Automaton {
  readonly #states: State[] = [{ kind: 'fork', next: [] }];
  readonly #start: number;

  /** @param tooLarge makes the error for an expression that needs more than `stateLimit` states */
  constructor(
    expression: Expression,
    private readonly direction: 'forward' | 'backward',
    private readonly tooLarge: () => Error,
  ) {
    this.#start = this.#build(expression, accepted);
  }

  /** Where the longest match that begins at `from` ends, or -1. With `ends`, only there: 1 at each offset from `from` that will do. */
  longest(text: string, from: number, to: number, ends?: Uint8Array): number {
    let longest = -1;
    here.size = 0;
    this.#enter(here, this.#start);
    for (let at = from; ; at++) {
      if (here.has(accepted) && (ends === undefined || ends[at - from] === 1)) longest = at;
      if (at === to || here.size === 0) return longest;
      this.#step(text.charCodeAt(at));
    }
  }

  /** Run backward: all places from which a match leads to one of `ends`; both as a 1 at each offset from `from`. */
  starts(text: string, from: number, to: number, ends: Uint8Array): Uint8Array {
    const starts = new Uint8Array(to - from + 1);
    here.size = 0;
    for (let at = to; ; at--) {
      if (ends[at - from] === 1) this.#enter(here, this.#start);
      if (here.has(accepted)) starts[at - from] = 1;
      if (at === from) return starts;
      this.#step(text.charCodeAt(at - 1));
    }
  }

  #step(unit: number): void {
    ahead.size = 0;
    for (let place = 0; place < here.size; place++) {
      const state = this.#states[here.at(place)]!;
      if (state.kind === 'unit' && covers(state.ranges, unit)) this.#enter(ahead, state.next);
    }
    [here, ahead] = [ahead, here];
  }

  #enter(reached: StateSet, id: number): void {
    if (reached.has(id)) return;
    reached.add(id);
    const state = this.#states[id]!;
    if (state.kind === 'fork') for (const next of state.next) this.#enter(reached, next);
  }

  /** Adds the states of an expression that goes on at `next`; gives the first of them. */
  #build(expression: Expression, next: number): number {
    switch (expression.kind) {
      case 'set':
        return this.#add({ kind: 'unit', ranges: expression.ranges, next });
      case 'sequence': {
        const { parts } = expression;
        const build = (behind: number, part: Expression) => this.#build(part, behind);
        return this.direction === 'forward'
          ? parts.reduceRight(build, next)
          : parts.reduce(build, next);
      }
      case 'choice':
        return this.#fork(expression.options.map((option) => this.#build(option, next)));
      case 'repeat':
        return this.#repeat(expression.body, expression.min, expression.max, next);
      default:
        return expression satisfies never;
    }
  }

  #repeat(body: Expression, min: number, max: number, next: number): number {
    let start = next;
    if (max === Infinity) {
      const ways = [next];
      start = this.#fork(ways);
      ways.push(this.#build(body, start));
    }
    for (let more = min; more < max && max !== Infinity; more++) {
      start = this.#fork([next, this.#build(body, start)]);
    }
    for (let must = 0; must < min; must++) start = this.#build(body, start);
    return start;
  }

  #fork(next: number[]): number {
    return this.#add({ kind: 'fork', next });
  }

  #add(state: State): number {
    if (this.#states.length > stateLimit) throw this.tooLarge();
    return this.#states.push(state) - 1;
  }
}

function covers(ranges: readonly number[], unit: number): boolean {
  for (let i = 0; i < ranges.length; i += 2) {
    if (unit >= ranges[i]! && unit <= ranges[i + 1]!) return true;
  }
  return false;
}
