// The patterns that somebody subscribed, by their segments: a destination finds its own without looking at the others.
import type { DestinationPattern } from '../../../pattern/destination-pattern.js';
import type { Audience } from './audience.js';

/** A pattern and who listens to it; stays the same object while anybody does. */
export interface SubscribedPattern {
  readonly pattern: DestinationPattern;
  audience: Audience | undefined;
}

/** A place behind some segments: the ways on, and the patterns that end here. All are made when needed, as most have one. */
interface Node {
  /** Behind a `**`: stays here, whatever segments come. */
  readonly stays: boolean;
  literals?: Map<string, Node>;
  /** `*`, `{name}` and what else begins with a wildcard. */
  any?: Node | undefined;
  /** Segments that begin with a text and go on with a wildcard (`price.*`): by the length of the text. */
  starts?: Map<number, Starts>;
  deep?: Node | undefined;
  ends?: readonly SubscribedPattern[];
}

/** The texts of one length that segments start with. */
interface Starts {
  readonly nodes: Map<string, Node>;
  /** The marks of what they end with, or once did: of most segments nothing has to be cut out and looked up. */
  lasts: number;
}

/** How one segment of a pattern leads on. */
type Step =
  | { readonly kind: 'any' | 'deep' }
  | { readonly kind: 'literal' | 'start'; readonly text: string };

/**
 * Finds candidates by whole segments and by the texts that segments start with, then asks the pattern itself. What it costs
 * depends on the segments of the destination and on patterns that look like it up to their wildcards.
 */
export class PatternTrie {
  #root: Node = { stays: false };

  constructor(private readonly separator: '/' | '.') {}

  add(subscribed: SubscribedPattern): void {
    let node = this.#root;
    for (const step of this.#steps(subscribed.pattern)) node = grow(node, step);
    node.ends = [...(node.ends ?? []), subscribed];
  }

  remove(subscribed: SubscribedPattern): void {
    remove(this.#root, this.#steps(subscribed.pattern), 0, subscribed);
  }

  clear(): void {
    this.#root = { stays: false };
  }

  /** All places are followed at once, each at most once a segment, so that no pattern makes a destination expensive. */
  find(destination: string): SubscribedPattern[] {
    let reached = new Set<Node>();
    arrive(this.#root, reached);
    for (const segment of destination.split(this.separator)) {
      if (segment === '') continue;
      const next = new Set<Node>();
      for (const node of reached) follow(node, segment, next);
      reached = next;
    }
    const found: SubscribedPattern[] = [];
    for (const { ends = [] } of reached) {
      for (const subscribed of ends) {
        if (subscribed.pattern.match(destination) !== undefined) found.push(subscribed);
      }
    }
    return found;
  }

  #steps({ pattern }: DestinationPattern): Step[] {
    return pattern
      .split(this.separator)
      .filter((segment) => segment !== '')
      .map(stepOf);
  }
}

function stepOf(segment: string): Step {
  if (segment === '**') return { kind: 'deep' };
  const wildcard = segment.search(/[*?{]/);
  if (wildcard === -1) return { kind: 'literal', text: segment };
  return wildcard === 0 ? { kind: 'any' } : { kind: 'start', text: segment.slice(0, wildcard) };
}

/** `**` may stand for no segment at all. */
function arrive(node: Node, reached: Set<Node>): void {
  reached.add(node);
  if (node.deep !== undefined) arrive(node.deep, reached);
}

function follow(node: Node, segment: string, reached: Set<Node>): void {
  if (node.stays) arrive(node, reached);
  if (node.any !== undefined) arrive(node.any, reached);
  const literal = node.literals?.get(segment);
  if (literal !== undefined) arrive(literal, reached);
  if (node.starts === undefined) return;
  for (const [length, { nodes, lasts }] of node.starts) {
    if (length > segment.length || (lasts & markOf(segment, length)) === 0) continue;
    const start = nodes.get(segment.slice(0, length));
    if (start !== undefined) arrive(start, reached);
  }
}

/** One bit of 32 for the character that ends the first `length`, so that clients can make no more of them. */
function markOf(text: string, length: number): number {
  return 1 << (text.charCodeAt(length - 1) & 31);
}

function child(node: Node, step: Step): Node | undefined {
  switch (step.kind) {
    case 'deep':
      return node.deep;
    case 'any':
      return node.any;
    case 'literal':
      return node.literals?.get(step.text);
    case 'start':
      return node.starts?.get(step.text.length)?.nodes.get(step.text);
    default:
      return step satisfies never;
  }
}

function grow(node: Node, step: Step): Node {
  const known = child(node, step);
  if (known !== undefined) return known;
  const grown: Node = { stays: step.kind === 'deep' };
  switch (step.kind) {
    case 'deep':
      node.deep = grown;
      break;
    case 'any':
      node.any = grown;
      break;
    case 'literal':
      (node.literals ??= new Map()).set(step.text, grown);
      break;
    case 'start': {
      const starts = (node.starts ??= new Map<number, Starts>());
      const { length } = step.text;
      const ofLength = starts.get(length) ?? { nodes: new Map(), lasts: 0 };
      ofLength.nodes.set(step.text, grown);
      ofLength.lasts |= markOf(step.text, length);
      starts.set(length, ofLength);
      break;
    }
    default:
      step satisfies never;
  }
  return grown;
}

function cut(node: Node, step: Step): void {
  switch (step.kind) {
    case 'deep':
      node.deep = undefined;
      break;
    case 'any':
      node.any = undefined;
      break;
    case 'literal':
      node.literals?.delete(step.text);
      break;
    case 'start': {
      const ofLength = node.starts?.get(step.text.length);
      ofLength?.nodes.delete(step.text);
      if (ofLength?.nodes.size === 0) node.starts?.delete(step.text.length);
      break;
    }
    default:
      step satisfies never;
  }
}

/** Takes the pattern out, and on the way back the places that led to it alone. */
function remove(
  node: Node,
  steps: readonly Step[],
  depth: number,
  subscribed: SubscribedPattern,
): void {
  const step = steps[depth];
  if (step === undefined) {
    node.ends = node.ends?.filter((end) => end !== subscribed) ?? [];
    return;
  }
  const next = child(node, step);
  if (next === undefined) return;
  remove(next, steps, depth + 1, subscribed);
  if (isEmpty(next)) cut(node, step);
}

function isEmpty({ literals, any, starts, deep, ends }: Node): boolean {
  return (
    any === undefined &&
    deep === undefined &&
    (ends?.length ?? 0) === 0 &&
    (literals?.size ?? 0) === 0 &&
    (starts?.size ?? 0) === 0
  );
}
