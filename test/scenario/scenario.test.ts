// One scenario through the test kit and through real clients: all of them see the same, so the kit is like the world.
import { describe, expect, it } from 'vitest';
import { throughKit } from './kit.js';
import { seen, steps } from './steps.js';
import { throughStompPy } from './stomp-py.js';
import { throughStompjs } from './stompjs.js';

const stompPy = throughStompPy();

describe('the scenario', () => {
  it.each(['stomp', 'json'] as const)('goes as expected through the kit: %s', async (protocol) => {
    expect(await throughKit(protocol)(steps)).toEqual(seen);
  });

  it('goes so through @stomp/stompjs over WebSocket', async () => {
    expect(await throughStompjs(steps)).toEqual(seen);
  });

  it.skipIf(stompPy === undefined)('goes so through stomp.py over TCP', async () => {
    expect(await stompPy!(steps)).toEqual(seen);
  });
});
