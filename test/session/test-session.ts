// Sessions on fake connections that share a clock that the test moves, a log and a flusher.
import { EncodedFrame } from '../../src/message/encoded-frame.js';
import type { ClientFrame, Heartbeat, ServerFrame } from '../../src/message/frame.js';
import { LimitedLogs } from '../../src/message/logger.js';
import { Holding, Quota } from '../../src/message/quota.js';
import { Activity } from '../../src/session/activity.js';
import {
  ClientSession,
  type FrameResult,
  type SessionParts,
} from '../../src/session/client-session.js';
import { noHeartbeat, type HeartbeatAgreement } from '../../src/session/heartbeat.js';
import { Flusher, type OutboxParts } from '../../src/session/outbox.js';
import { Turns } from '../../src/session/turns.js';
import type { Encoder } from '../../src/wire/codec.js';
import { stompCodec } from '../../src/wire/stomp/codec.js';
import { FakeConnection } from './fake-connection.js';
import { testClock, type TestClock } from 'signalbox/testing';
import { frameText } from '../clients/stomp.js';

export const connectText = frameText('CONNECT', { 'accept-version': '1.2', host: 'x' });

/** A SEND frame that asks for a receipt. */
export function sendText(receipt: string): string {
  return frameText('SEND', { destination: '/x', receipt });
}

/** Resolves when all microtasks have run. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

export interface TestSessionOptions extends Partial<Omit<SessionParts, 'clock' | 'outbox'>> {
  readonly clock?: TestClock;
  readonly outbox?: Partial<OutboxParts>;
  /** CONNECT is accepted with this agreement. Default: no heart-beats. */
  readonly agreement?: HeartbeatAgreement;
  /** CONNECT is accepted when this has resolved. */
  readonly authenticated?: Promise<void>;
  /** Processes all other frames. Default: returns `done`. */
  /** Bytes that all sessions may hold. Default: 100,000. */
  readonly maxHeldBytes?: number;
  readonly process?: (frame: ClientFrame, session: ClientSession) => Promise<FrameResult>;
}

export function testSession({
  agreement = noHeartbeat,
  authenticated,
  clock = testClock(),
  outbox,
  process,
  maxHeldBytes = 100_000,
  ...given
}: TestSessionOptions = {}) {
  const activity = new Activity(clock);
  const logged: { readonly text: string; readonly cause: unknown }[] = [];
  const log = (text: string, cause?: unknown) => void logged.push({ text, cause });
  const logger = { error: log, warn: log, info: log };
  const parts: SessionParts = {
    clock,
    activity,
    turns: new Turns(clock),
    logger,
    closeLog: new LimitedLogs(clock, logger, 'warn'),
    outbox: {
      clock,
      activity,
      flusher: new Flusher(clock, activity),
      limits: { maxBytes: 1000, timeout: 10_000 },
      dropRules: undefined,
      interceptors: [],
      ...outbox,
    },
    codecs: [stompCodec],
    limits: {
      maxFrameBytes: 1000,
      maxHeaders: 10,
      maxHeaderBytes: 100,
      maxConnectHeaderBytes: 100,
      maxWaitingFrames: 4,
      maxWaitingBytes: 4000,
    },
    connectTimeout: 60_000,
    stallTimeout: 30_000,
    concurrency: 1,
    ...given,
  };
  const heldBytes = new Quota(maxHeldBytes, 1);
  let count = 0;
  const open = (connection = new FakeConnection(), account = 'address 127.0.0.1') => {
    /** The calls of the owner of the session. */
    const events: string[] = [];
    const session: ClientSession = new ClientSession(`s${++count}`, connection, parts, {
      held: new Holding(heldBytes, account),
      async process(frame) {
        events.push(frame.kind);
        if (frame.kind !== 'connect') return process?.(frame, session) ?? 'done';
        await authenticated;
        return session.accept(undefined, agreement) ? 'done' : 'failed';
      },
      messageDropped: ({ message: { body } }) =>
        void events.push(`dropped ${Buffer.from(body).toString()}`),
      connectionLost: (code, reason) => void events.push(`lost ${code} ${reason}`),
      finished: () => void events.push('finished'),
    });
    const receive = (text: string) => connection.listener!.data(Buffer.from(text));
    /** Receives CONNECT, and waits until it is processed. */
    const connect = async () => {
      receive(connectText);
      await settle();
      events.length = 0;
    };
    return { connect, connection, events, receive, session };
  };
  /** True when the server is idle now. */
  const isIdle = async () => {
    let idle = false;
    void activity.idle().then(() => (idle = true));
    await clock.advance(0);
    await Promise.resolve();
    return idle;
  };
  return { activity, clock, heldBytes, isIdle, logged, open, parts };
}

/** Encodes a receipt as its id, and a heart-beat as `beat`; equal frame objects share their encoded frame. */
export function plainEncoder(): Encoder {
  const encoded = new WeakMap<object, EncodedFrame>();
  return {
    encode(frame: ServerFrame | Heartbeat) {
      const text = frame.kind === 'receipt' ? frame.receipt : 'beat';
      const made = encoded.get(frame) ?? new EncodedFrame(Buffer.from(text), false);
      encoded.set(frame, made);
      return made;
    },
  };
}
