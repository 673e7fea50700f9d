// Finds the route of a destination: literal patterns in a map, the others ordered by specificity.
import {
  compareSpecificity,
  compileDestination,
  type DestinationPattern,
} from '../pattern/destination-pattern.js';
import { MessagingError } from '../message/error.js';
import { constantMap } from '../message/read-only.js';
import { mayOverlap } from '../pattern/overlap.js';
import type { Separator } from '../pattern/separator.js';
import type { Route } from './route.js';

export interface FoundRoute {
  readonly route: Route;
  /** The values of the pattern's variables in the destination. */
  readonly variables: ReadonlyMap<string, string>;
}

interface PatternRoute {
  readonly route: Route;
  readonly pattern: DestinationPattern;
}

/** The routes of one kind of frame: SEND or SUBSCRIBE. */
interface Section {
  readonly literals: Map<string, FoundRoute>;
  readonly patterns: PatternRoute[];
}

const noVariables: ReadonlyMap<string, string> = constantMap();

export class RouteTable {
  readonly #sections: Record<Route['on'], Section> = {
    send: { literals: new Map(), patterns: [] },
    subscribe: { literals: new Map(), patterns: [] },
  };
  readonly #separator: Separator;
  readonly #mistakes: string[] = [];

  /** Does not throw: `mistakes` contains the mistakes in the routes. */
  constructor(
    readonly routes: readonly Route[],
    { separator }: { readonly separator: Separator },
  ) {
    this.#separator = separator;
    for (const route of routes) this.#add(route);
    for (const { patterns } of Object.values(this.#sections)) this.#sort(patterns);
  }

  /** One sentence for each malformed pattern, destination with two handlers, and pair of patterns with undefined order. */
  get mistakes(): readonly string[] {
    return this.#mistakes;
  }

  /** The literal route, else the most specific pattern that matches (Spring: the order of `AntPathMatcher`). */
  find(on: Route['on'], lookup: string): FoundRoute | undefined {
    const { literals, patterns } = this.#sections[on];
    const literal = literals.get(lookup);
    if (literal !== undefined) return literal;
    for (const { route, pattern } of patterns) {
      const variables = pattern.match(lookup);
      if (variables !== undefined) return { route, variables };
    }
    return undefined;
  }

  #add(route: Route): void {
    const { literals, patterns } = this.#sections[route.on];
    const pattern = this.#compile(route);
    if (pattern === undefined) return;
    if (!pattern.literal) {
      patterns.push({ route, pattern });
      return;
    }
    const other = literals.get(route.pattern);
    if (other === undefined) literals.set(route.pattern, { route, variables: noVariables });
    else
      this.#mistakes.push(
        `${frameOf(route)} '${route.pattern}' has two handlers, ${both(other.route, route)}: change the destination of one.`,
      );
  }

  #compile(route: Route): DestinationPattern | undefined {
    try {
      return compileDestination(route.pattern, this.#separator);
    } catch (error) {
      if (!(error instanceof MessagingError)) throw error;
      this.#mistakes.push(
        `${route.handler}: the pattern '${route.pattern}' is not valid: ${error.message}`,
      );
      return undefined;
    }
  }

  #sort(patterns: PatternRoute[]): void {
    patterns.sort((a, b) => compareSpecificity(a.pattern, b.pattern));
    patterns.forEach((a, i) => {
      for (const b of patterns.slice(i + 1)) {
        if (compareSpecificity(a.pattern, b.pattern) !== 0) continue;
        if (!mayOverlap(a.route.pattern, b.route.pattern, this.#separator)) continue;
        this.#mistakes.push(
          `${frameOf(a.route)} '${a.route.pattern}' and '${b.route.pattern}' match the same destinations and neither is more specific, so the choice between ${both(a.route, b.route)} is undefined: change one pattern.`,
        );
      }
    });
  }
}

function frameOf({ on }: Route): string {
  return on === 'send' ? 'SEND' : 'SUBSCRIBE';
}

function both(first: Route, second: Route): string {
  return `${first.handler} and ${second.handler}`;
}
