// Session events: listeners are called, and their errors are logged.
import { describe, expect, it } from 'vitest';
import { silentLogger } from '../../src/message/logger.js';
import { SessionEventSource } from '../../src/session/event.js';
import type { Session } from '../../src/session/session.js';

const session = { id: '1' } as Session;

describe('session events', () => {
  it('reach every listener of their kind until it is removed', () => {
    const events = new SessionEventSource(silentLogger);
    const calls: string[] = [];
    events.emit('connected', { session });
    const remove = events.on('connected', ({ session: { id } }) => void calls.push(`a ${id}`));
    events.on('connected', () => void calls.push('b'));
    events.on('disconnected', () => void calls.push('c'));
    events.emit('connected', { session });
    remove();
    events.emit('connected', { session });
    expect(calls).toEqual(['a 1', 'b', 'b']);
  });

  it('reach a listener that is added during an event from the next event on', () => {
    const events = new SessionEventSource(silentLogger);
    let calls = 0;
    let remove = () => {};
    const listen = () => {
      calls++;
      if (calls > 10) throw new Error('The listener is called without end.');
      remove();
      remove = events.on('connected', listen);
    };
    remove = events.on('connected', listen);
    events.emit('connected', { session });
    expect(calls).toBe(1);
    events.emit('connected', { session });
    expect(calls).toBe(2);
  });

  it('do not reach a listener that another one has removed during the event', () => {
    const events = new SessionEventSource(silentLogger);
    const calls: string[] = [];
    events.on('connected', () => remove());
    const remove = events.on('connected', () => void calls.push('removed'));
    events.emit('connected', { session });
    expect(calls).toEqual([]);
  });

  it('reach the other listeners when one throws or rejects, and the error is logged', async () => {
    const logged: string[] = [];
    const events = new SessionEventSource({
      ...silentLogger,
      error: (text) => void logged.push(text),
    });
    const calls: string[] = [];
    events.on('connected', () => {
      throw new Error('boom');
    });
    events.on('connected', () => Promise.reject(new Error('boom')));
    events.on('connected', () => void calls.push('still'));
    events.emit('connected', { session });
    await new Promise((resolve) => setImmediate(resolve));
    expect(calls).toEqual(['still']);
    expect(logged).toEqual(Array(2).fill(`A listener of 'connected' failed.`));
  });

  it('of an unknown kind are refused, like listeners that are not functions', () => {
    const events = new SessionEventSource(silentLogger);
    expect(() => events.on('nope' as never, () => {})).toThrow(
      "The session event 'nope' does not exist; the events are connected, subscribed, unsubscribed, dropped, disconnected.",
    );
    expect(() => events.on('connected', undefined as never)).toThrow(
      "The listener of 'connected' must be a function; it is undefined.",
    );
  });
});
