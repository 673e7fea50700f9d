// Heart-beats: what is agreed, and what one timer makes of it.
import { describe, expect, it } from 'vitest';
import { agreeHeartbeat, Pulse } from '../../src/session/heartbeat.js';
import { manualClock } from '../manual-clock.js';

const options = { minSendInterval: 1000, expectedInterval: 10_000 };

describe('the agreement', () => {
  it.each([
    { client: [0, 0], advertised: [0, 0], send: 0, expected: 0 },
    { client: [0, 500], advertised: [1000, 0], send: 1000, expected: 0 },
    { client: [0, 4000], advertised: [4000, 0], send: 4000, expected: 0 },
    { client: [4000, 0], advertised: [0, 10_000], send: 0, expected: 10_000 },
    { client: [20_000, 15_000], advertised: [15_000, 10_000], send: 15_000, expected: 20_000 },
  ] as const)('for $client is $advertised', ({ client, advertised, send, expected }) => {
    expect(agreeHeartbeat(client, options)).toEqual({ advertised, send, expect: expected });
  });

  it('expects nothing when the server wants nothing', () => {
    expect(agreeHeartbeat([1000, 0], { minSendInterval: 1000, expectedInterval: 0 })).toEqual({
      advertised: [0, 0],
      send: 0,
      expect: 0,
    });
  });
});

function pulse({ pings = true } = {}) {
  const clock = manualClock();
  const log: string[] = [];
  const outbox = {
    lastWrite: 0,
    send() {
      outbox.lastWrite = clock.now();
      log.push(`beat ${clock.now()}`);
      return true;
    },
  };
  const connection = {
    ping() {
      log.push(`ping ${clock.now()}`);
      return pings;
    },
  };
  const body = {
    outbox,
    connection,
    die: (code: string) => {
      log.push(`${code} ${clock.now()}`);
      beating.stop();
    },
  };
  const beating = new Pulse(clock, body);
  return { clock, log, outbox, beating };
}

describe('the pulse', () => {
  it('beats within each interval, and not while other frames go out', () => {
    const { clock, log, outbox, beating } = pulse();
    beating.start({ advertised: [1000, 0], send: 1000, expect: 0 });
    clock.advance(1600);
    expect(log).toEqual(['beat 750', 'beat 1500']);
    outbox.lastWrite = 2000;
    clock.advance(1000);
    expect(log).toEqual(['beat 750', 'beat 1500']);
    clock.advance(300);
    expect(log.at(-1)).toBe('beat 2750');
  });

  it('gives a silent client up after twice its interval, and hears any octet', () => {
    const { clock, log, beating } = pulse();
    beating.start({ advertised: [0, 10_000], send: 0, expect: 10_000 });
    clock.advance(19_000);
    beating.heard();
    clock.advance(19_999);
    expect(log).toEqual([]);
    clock.advance(1);
    expect(log).toEqual(['heartbeat-lost 39000']);
    expect(clock.timers).toBe(0);
  });

  it('pings where no heart-beat was agreed, and gives up after two unanswered ones', () => {
    const { clock, log, beating } = pulse();
    beating.start({ advertised: [0, 0], send: 0, expect: 0 });
    clock.advance(40_000);
    beating.heard();
    clock.advance(74_999);
    expect(log).toEqual(['ping 25000', 'ping 65000', 'ping 90000']);
    clock.advance(1);
    expect(log.at(-1)).toBe('heartbeat-lost 115000');
  });

  it('leaves a silent client alone where the transport has no pings', () => {
    const { clock, log, beating } = pulse({ pings: false });
    beating.start({ advertised: [0, 0], send: 0, expect: 0 });
    clock.advance(600_000);
    expect(log.every((entry) => entry.startsWith('ping'))).toBe(true);
  });

  it.each(['before', 'after'])(
    'expects nothing of a client that ended its side %s it began',
    (when) => {
      const { clock, log, beating } = pulse({ pings: false });
      if (when === 'before') beating.ended();
      beating.start({ advertised: [1000, 10_000], send: 1000, expect: 10_000 });
      if (when === 'after') beating.ended();
      clock.advance(600_000);
      expect(log).not.toContain('heartbeat-lost 20000');
      expect(log.filter((entry) => entry.startsWith('beat'))).toHaveLength(800);
    },
  );

  it('stops the clock of silence while reading is paused, pings, and ends the session after 30 s of it', () => {
    const { clock, log, beating } = pulse();
    beating.start({ advertised: [0, 5000], send: 0, expect: 5000 });
    clock.advance(9000);
    beating.paused();
    clock.advance(20_000);
    expect(log).toEqual(['ping 19000', 'ping 29000']);
    beating.resumed();
    clock.advance(9999);
    expect(log).toHaveLength(2);
    beating.heard();
    beating.paused();
    clock.advance(30_000);
    expect(log.at(-1)).toBe('reading-stalled 68999');
  });

  it('leaves no timer behind when it is stopped', () => {
    const { clock, beating } = pulse();
    beating.start({ advertised: [1000, 1000], send: 1000, expect: 1000 });
    beating.stop();
    expect(clock.timers).toBe(0);
  });
});
