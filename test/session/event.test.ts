// Session events: who listens hears, and a listener that fails harms nobody.
import { describe, expect, it } from 'vitest';
import { silentLogger } from '../../src/message/logger.js';
import { SessionEventSource } from '../../src/session/event.js';
import type { Session } from '../../src/session/session.js';

const session = { id: '1' } as Session;

describe('session events', () => {
  it('reach every listener of their kind until it stops', () => {
    const events = new SessionEventSource(silentLogger);
    const heard: string[] = [];
    const stop = events.on('connected', ({ session: { id } }) => void heard.push(`a ${id}`));
    events.on('connected', () => void heard.push('b'));
    events.on('disconnected', () => void heard.push('c'));
    events.emit('connected', { session });
    stop();
    events.emit('connected', { session });
    expect(heard).toEqual(['a 1', 'b', 'b']);
  });

  it('log what a listener throws or rejects with, and go on', async () => {
    const logged: string[] = [];
    const events = new SessionEventSource({
      ...silentLogger,
      error: (text) => void logged.push(text),
    });
    const heard: string[] = [];
    events.on('connected', () => {
      throw new Error('boom');
    });
    events.on('connected', () => Promise.reject(new Error('boom')));
    events.on('connected', () => void heard.push('still'));
    events.emit('connected', { session });
    await new Promise((resolve) => setImmediate(resolve));
    expect(heard).toEqual(['still']);
    expect(logged).toEqual(Array(2).fill(`A listener of 'connected' failed.`));
  });
});
