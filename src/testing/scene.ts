// Everything that happens in a test, for those who wait for it and those who explain it.
import { problemQueue } from '../message/target.js';
import type { Payloads } from '../payload/converter.js';
import type { Server } from '../server/server.js';
import type { ClientProblem } from './client-problem.js';
import { failure, type Site, type TestFailure } from './failure.js';
import { readable, type Published } from './received.js';
import type { RecordedLog } from './recorded-log.js';
import type { RecordedPublication, RecordedPublications } from './recorded-publications.js';
import type { Running } from './running.js';
import type { TestClock } from './test-clock.js';

/** A client as others see it. */
export interface Player {
  readonly session: string;
  readonly user: string | undefined;
  /** For people: `ann (session-1)`. */
  readonly label: string;
  /** All that it was told of failures, looked at or not. */
  readonly told: readonly ClientProblem[];
}

export interface Scene {
  readonly server: Server;
  readonly publications: RecordedPublications;
  readonly running: Running;
  readonly clock: TestClock;
  readonly log: RecordedLog;
  readonly payloads: Payloads;
  /** By their sessions. */
  readonly players: ReadonlyMap<string, Player>;
  /** The expectations that have failed: what is left open after one surprises nobody. */
  readonly failures: TestFailure[];
}

export function failIn(
  scene: Scene,
  message: string,
  site: Site,
  problem?: ClientProblem,
): TestFailure {
  const failed = failure(message, site, problem);
  scene.failures.push(failed);
  return failed;
}

/** A session's client, for people. */
export function labelIn({ players }: Scene, session: string): string {
  return players.get(session)?.label ?? session;
}

/** What reached the broker, as clients would see it. */
export function publishedIn(scene: Scene): readonly Published[] {
  return scene.publications.all.map((publication) => publishedOf(scene, publication));
}

export function publishedOf(
  { payloads, players }: Scene,
  { message, session, by }: RecordedPublication,
): Published {
  const user = session === undefined ? undefined : players.get(session)?.user;
  return {
    ...readable(message, payloads),
    ...(session !== undefined && { session }),
    ...(user !== undefined && { user }),
    ...(by !== undefined && { by }),
  };
}

/** The destination at which clients subscribe their problems. */
export function problemDestination({ server }: Pick<Scene, 'server'>): string {
  return server.options.prefixes.user + problemQueue;
}
