// The destinations that a server serves, and the texts for frames whose destination it does not serve.
import type { PrefixOptions } from '../broker/destination-resolver.js';
import type { Route } from '../dispatch/route.js';
import { errorCodes, MessagingError } from '../message/error.js';
import { editDistance, isSimilar } from '../message/nearest.js';
import { quote } from '../message/quote.js';
import type { Separator } from '../pattern/separator.js';

/** A route of a controller, for people. */
export interface RouteDescription {
  /** The kind of frame that the route serves. */
  readonly on: 'send' | 'subscribe';
  /** The destination as clients name it, with the application prefix. */
  readonly destination: string;
  /** Class and method, such as `ChatController.say`. */
  readonly handler: string;
}

/** The routes under all application prefixes. */
export function describeRoutes(
  routes: readonly Route[],
  application: readonly string[],
  separator: Separator,
): readonly RouteDescription[] {
  return routes.flatMap(({ on, pattern, handler }) =>
    application.map((prefix) => ({
      on,
      // With dots, the slash behind the prefix does not belong to the pattern, so `/a` below `/app` is `/app//a`.
      destination: separator === '/' ? prefix + pattern : `${prefix}/${pattern}`,
      handler,
    })),
  );
}

/** Undefined for a segment with a variable or a wildcard, which is equal to every segment. */
type Segment = string | undefined;

interface KnownDestination {
  readonly destination: string;
  readonly segments: readonly Segment[];
}

/** A larger difference is not a typing mistake. In characters. */
const maxDistance = 3;

/** Longer destinations are not compared. In characters. */
const comparedCharacters = 200;

/** A client can send many frames that nothing serves, so the comparison must be cheap. */
const comparedDestinations = 200;

export class KnownDestinations {
  readonly #known: Readonly<Record<'send' | 'subscribe', readonly KnownDestination[]>>;
  /** A list such as `'/app', '/topic', '/queue' or '/user'`. */
  readonly #prefixes: string;
  /** Segments of the longest application prefix. */
  readonly #prefixSegments: number;
  readonly #separators: RegExp;

  constructor(
    routes: readonly Route[],
    { application, broker, user }: PrefixOptions,
    separator: Separator,
  ) {
    // With dots, a prefix and the part behind it are still separated by a slash.
    this.#separators = separator === '.' ? /[/.]/ : /\//;
    this.#prefixSegments = Math.max(...application.map((prefix) => this.#split(prefix).length));
    const described = describeRoutes(routes, application, separator);
    const shared = [...broker, user].map((prefix) => `${prefix}/**`);
    const known = (kind: 'send' | 'subscribe') =>
      [...described.flatMap(({ on, destination }) => (on === kind ? destination : [])), ...shared]
        .slice(0, comparedDestinations)
        .map((destination) => ({
          destination,
          segments: this.#split(destination).map((segment) =>
            segment !== '**' && /[{*?]/.test(segment) ? undefined : segment,
          ),
        }));
    this.#known = { send: known('send'), subscribe: known('subscribe') };
    const prefixes = [...application, ...broker, user].map((prefix) => `'${prefix}'`);
    this.#prefixes = `${prefixes.slice(0, -1).join(', ')} or ${prefixes.at(-1)}`;
  }

  /** Returns the error, with a text that names the destination if the error has the default text of its code. */
  explain(error: MessagingError, kind: string, destination: string | undefined): MessagingError {
    const { code, message, detail, fields, cause } = error;
    const on = kind === 'send' || kind === 'subscribe' ? kind : undefined;
    if (on === undefined || destination === undefined || message !== errorCodes[code].text)
      return error;
    const text = this.#text(code, on, destination);
    return text === undefined ? error : new MessagingError(code, text, { detail, fields, cause });
  }

  #text(code: string, on: 'send' | 'subscribe', destination: string): string | undefined {
    if (code === 'destination-refused')
      return `Clients may not ${on === 'send' ? 'send' : 'subscribe'} to ${quote(destination)}.`;
    if (code === 'no-route')
      return `Nothing serves ${quote(destination)} for ${on.toUpperCase()}. ${this.#hint(on, destination)}`;
    return undefined;
  }

  #hint(on: 'send' | 'subscribe', destination: string): string {
    const other = on === 'send' ? 'subscribe' : 'send';
    const nearest = this.#nearest(on, destination, maxDistance);
    const served = this.#nearest(other, destination, 0);
    if (served !== undefined) return `It is served for ${other.toUpperCase()}.`;
    if (nearest !== undefined) return `The nearest known destination is '${nearest}'.`;
    const sibling = this.#sibling(on, destination);
    if (sibling !== undefined)
      return `A known destination with the same beginning is '${sibling}'.`;
    return `Destinations of this server begin with ${this.#prefixes}.`;
  }

  /** The destination with the smallest number of different characters, up to a limit. */
  #nearest(on: 'send' | 'subscribe', destination: string, limit: number): string | undefined {
    if (destination.length > comparedCharacters) return undefined;
    const segments = this.#split(destination);
    let nearest: string | undefined;
    let least = limit + 1;
    for (const known of this.#known[on]) {
      const distance = segmentDistance(known.segments, segments, least - 1);
      if (distance >= least) continue;
      nearest = known.destination;
      least = distance;
      if (least === 0) break;
    }
    return nearest;
  }

  /** The destination with the most equal segments at its beginning, in addition to those of a prefix. */
  #sibling(on: 'send' | 'subscribe', destination: string): string | undefined {
    if (destination.length > comparedCharacters) return undefined;
    const segments = this.#split(destination);
    let sibling: string | undefined;
    let most = this.#prefixSegments;
    for (const known of this.#known[on]) {
      const different = known.segments.findIndex((segment, i) => segment !== segments[i]);
      const equal = different === -1 ? known.segments.length : different;
      if (equal <= most) continue;
      sibling = known.destination;
      most = equal;
    }
    return sibling;
  }

  #split(destination: string): readonly string[] {
    return destination.split(this.#separators).filter((segment) => segment !== '');
  }
}

/** The number of different characters; Infinity above the limit, and for destinations that are not similar. */
function segmentDistance(
  known: readonly Segment[],
  given: readonly string[],
  limit: number,
): number {
  const open = known.at(-1) === '**';
  if (open ? given.length < known.length - 1 : given.length !== known.length) return Infinity;
  let distance = 0;
  let length = 0;
  for (let i = 0; i < known.length; i++) {
    const segment = known[i];
    if (segment === '**') break;
    if (segment === undefined) continue;
    distance += editDistance(segment, given[i]!, limit - distance);
    if (distance > limit) return Infinity;
    length += Math.max(segment.length, given[i]!.length);
  }
  return distance === 0 || isSimilar(distance, length) ? distance : Infinity;
}
