// Finds paths whose requests over SockJS or SSE would reach another path of the same server.
import { compareSpecificity, compileDestination } from '../pattern/destination-pattern.js';
import { mayOverlap } from '../pattern/overlap.js';
import { isPattern } from './http-host.js';

/** The path of an endpoint or of a WebSocket handler, with its transports besides WebSocket. */
export interface ServedPath {
  /** Name of the handler, or `the endpoint '/ws'`. */
  readonly name: string;
  readonly path: string;
  readonly sockjs: boolean;
  readonly sse: boolean;
}

/** @param name of the handler; absent for an endpoint */
export function servedPath(
  path: string,
  { sockjs = false, sse = false }: { readonly sockjs?: unknown; readonly sse?: unknown },
  name = `the endpoint '${path}'`,
): ServedPath {
  return { name, path, sockjs: sockjs !== false, sse: sse !== false };
}

type Kind = 'request' | 'upgrade';

/** Requests that the transports of a path need, and the claim of the transports that serves them. */
interface Need {
  readonly kind: Kind;
  /** A pattern of the URLs. */
  readonly url: string;
  readonly claim: string;
}

/**
 * One sentence for each pair of paths of which one would receive requests of the other. Paths that match the same requests are a
 * different mistake.
 */
export function pathOverlaps(paths: readonly ServedPath[]): readonly string[] {
  return paths.flatMap((a, i) =>
    paths.slice(i + 1).flatMap((b) => {
      if (mayOverlap(a.path, b.path, '/')) return [];
      return overlapOf(a, b) ?? overlapOf(b, a) ?? [];
    }),
  );
}

function overlapOf(owner: ServedPath, taker: ServedPath): string | undefined {
  const taken = takenUrl(owner, taker);
  return (
    taken &&
    `${owner.name} and ${taker.name}: requests over ${taken.transport} to '${owner.path}', such as '${taken.url}', would reach '${taker.path}'; change one path, so that it does not begin as the other.`
  );
}

/** A URL that one path needs and the other one takes, for all values of the variables. */
function takenUrl(
  owner: ServedPath,
  taker: ServedPath,
): { readonly transport: string; readonly url: string } | undefined {
  const needs: readonly (readonly [transport: string, needs: readonly Need[]])[] = [
    ['SockJS', owner.sockjs ? sockJsNeeds(baseOf(owner)) : []],
    ['SSE', owner.sse ? sseNeeds(baseOf(owner)) : []],
  ];
  for (const [transport, each] of needs) {
    const taken = each.find(({ kind, url, claim }) =>
      claimsOf(taker, kind).some((other) => covers(other, url) && comesFirst(other, claim)),
    );
    if (taken !== undefined) return { transport, url: withoutExpressions(taken.url) };
  }
  return undefined;
}

function baseOf({ path }: ServedPath): string {
  return path.replace(/\/$/, '');
}

/** sockjs-client chooses a number as the id of the server. */
function sockJsNeeds(base: string): readonly Need[] {
  const session = String.raw`${base}/{server:\d+}/{session}`;
  return [
    { kind: 'request', url: `${base}/info`, claim: `${base}/**` },
    { kind: 'request', url: `${session}/{transport:[a-z_]+}`, claim: `${base}/**` },
    { kind: 'upgrade', url: `${session}/websocket`, claim: `${base}/**` },
  ];
}

function sseNeeds(base: string): readonly Need[] {
  return [
    { kind: 'request', url: `${base}/sse`, claim: `${base}/sse` },
    { kind: 'request', url: String.raw`${base}/sse/{session:[\w-]+}`, claim: `${base}/sse/*` },
  ];
}

/** The paths that the transports claim from the HTTP server. */
function claimsOf(served: ServedPath, kind: Kind): readonly string[] {
  const base = baseOf(served);
  if (kind === 'upgrade')
    return [served.path, ...(served.sockjs ? [`${base}/websocket`, `${base}/**`] : [])];
  return [
    ...(served.sockjs ? [base, `${base}/**`] : []),
    ...(served.sse ? [`${base}/sse`, `${base}/sse/*`] : []),
  ];
}

/** False when the claim matches only some values of the variables: then it is a path for these values. */
function covers(claim: string, url: string): boolean {
  const segments = url.split('/');
  return (
    mayOverlap(claim, url, '/') &&
    claim.split('/').every((segment, i) => isPattern(segment) || segment === segments[i])
  );
}

/** True when the HTTP host passes a request that both claims match to the first one. */
function comesFirst(a: string, b: string): boolean {
  const difference = rankOf(a) - rankOf(b);
  if (difference !== 0) return difference < 0;
  return compareSpecificity(compileDestination(a), compileDestination(b)) <= 0;
}

/** The HTTP host looks for equal paths first, then for patterns, and then for paths that end with `/**`. */
function rankOf(claim: string): number {
  const base = claim.replace(/\/\*\*$/, '');
  return (claim === base ? 0 : 2) + (isPattern(base) ? 1 : 0);
}

function withoutExpressions(url: string): string {
  return url.replaceAll(/\{(\w+):(?:[^{}]|\{[^{}]*\})*\}/g, '{$1}');
}
