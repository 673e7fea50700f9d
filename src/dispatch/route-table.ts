// Which route takes a destination: literal ones by a map, patterns in the order of their rank.
import {
  compareSpecificity,
  compileDestination,
  type DestinationPattern,
} from '../pattern/destination-pattern.js';
import { MessagingError } from '../message/error.js';
import { mayOverlap } from '../pattern/overlap.js';
import type { Route } from './route.js';
import type { Separator } from '../pattern/separator.js';

export interface FoundRoute {
  readonly route: Route;
  /** What the pattern's variables stand for in this destination. */
  readonly variables: ReadonlyMap<string, string>;
}

interface PatternRoute {
  readonly route: Route;
  readonly pattern: DestinationPattern;
}

/** The routes of one kind of frame; a SEND never reaches the others. */
interface Section {
  readonly literals: Map<string, FoundRoute>;
  readonly patterns: PatternRoute[];
}

const noVariables: ReadonlyMap<string, string> = new Map();

export class RouteTable {
  readonly #sections: Record<Route['on'], Section> = {
    send: { literals: new Map(), patterns: [] },
    subscribe: { literals: new Map(), patterns: [] },
  };
  readonly #separator: Separator;
  readonly #findings: string[] = [];

  /** Never throws: what is wrong with the routes stands in `findings`. */
  constructor(
    readonly routes: readonly Route[],
    { separator }: { readonly separator: Separator },
  ) {
    this.#separator = separator;
    for (const route of routes) this.#add(route);
    for (const { patterns } of Object.values(this.#sections)) this.#rank(patterns);
  }

  /** Malformed patterns, two handlers for one destination, and two patterns that cannot be ranked; each as a sentence. */
  get findings(): readonly string[] {
    return this.#findings;
  }

  /** The literal route before all patterns, else the most specific pattern that matches (Spring: AntPathMatcher's order). */
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
      this.#findings.push(
        `${kind(route)} '${route.pattern}' is served by ${both(route, other.route)}: give one another destination.`,
      );
  }

  #compile(route: Route): DestinationPattern | undefined {
    try {
      return compileDestination(route.pattern, this.#separator);
    } catch (error) {
      if (!(error instanceof MessagingError)) throw error;
      this.#findings.push(
        `${route.handler}: the pattern '${route.pattern}' is not valid: ${error.message}`,
      );
      return undefined;
    }
  }

  #rank(patterns: PatternRoute[]): void {
    patterns.sort((a, b) => compareSpecificity(a.pattern, b.pattern));
    patterns.forEach((a, i) => {
      for (const b of patterns.slice(i + 1)) {
        if (compareSpecificity(a.pattern, b.pattern) !== 0) continue;
        if (!mayOverlap(a.route.pattern, b.route.pattern, this.#separator)) continue;
        const { route } = a;
        this.#findings.push(
          `${kind(route)} '${route.pattern}' and '${b.route.pattern}' match the same destinations and neither is more specific: ${both(b.route, route)} would both serve them.`,
        );
      }
    });
  }
}

function kind({ on }: Route): string {
  return on === 'send' ? 'SEND' : 'SUBSCRIBE';
}

function both(later: Route, earlier: Route): string {
  return `${earlier.handler} and ${later.handler}`;
}
