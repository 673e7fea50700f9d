// The lane: order, overlap, and the end of waiting.
import { describe, expect, it } from 'vitest';
import { Lane } from '../../src/session/lane.js';

interface Gate {
  readonly item: string;
  open(): void;
}

/** A lane whose items run until the test opens their gate. */
function gatedLane(concurrency: number, overlaps: (item: string) => boolean = () => true) {
  const gates: Gate[] = [];
  const done: string[] = [];
  const lane = new Lane<string, void>(concurrency, {
    run: (item) => new Promise<void>((open) => void gates.push({ item, open })),
    done: (item) => void done.push(item),
    overlaps,
    advanced: () => {},
  });
  return { lane, gates, done, started: () => gates.map(({ item }) => item) };
}

const settle = () => new Promise((resolve) => setImmediate(resolve));

describe('a lane', () => {
  it('runs one item at a time, in order', async () => {
    const { lane, gates, done, started } = gatedLane(1);
    for (const item of ['a', 'b', 'c']) lane.push(item);
    expect(started()).toEqual(['a']);
    gates[0]!.open();
    await settle();
    expect(started()).toEqual(['a', 'b']);
    expect(done).toEqual(['a']);
    expect(lane.waiting).toBe(1);
  });

  it('lets n items overlap and reports them done in their order', async () => {
    const { lane, gates, done, started } = gatedLane(2);
    for (const item of ['a', 'b', 'c']) lane.push(item);
    expect(started()).toEqual(['a', 'b']);
    gates[1]!.open();
    await settle();
    expect(done).toEqual([]);
    gates[0]!.open();
    await settle();
    expect(done).toEqual(['a', 'b']);
    expect(started()).toEqual(['a', 'b', 'c']);
  });

  it('lets an item that may not overlap wait for all before it, and all after wait for it', async () => {
    const { lane, gates, started } = gatedLane(3, (item) => item !== 'alone');
    for (const item of ['a', 'b', 'alone', 'c']) lane.push(item);
    expect(started()).toEqual(['a', 'b']);
    gates[0]!.open();
    gates[1]!.open();
    await settle();
    expect(started()).toEqual(['a', 'b', 'alone']);
    gates[2]!.open();
    await settle();
    expect(started()).toEqual(['a', 'b', 'alone', 'c']);
  });

  it('drops what has not begun when it is discarded, and settles when the rest has run', async () => {
    const { lane, gates, started } = gatedLane(1);
    lane.push('a');
    lane.push('b');
    lane.discard();
    let settled = false;
    void lane.settled().then(() => (settled = true));
    await settle();
    expect(settled).toBe(false);
    gates[0]!.open();
    await settle();
    expect(settled).toBe(true);
    expect(started()).toEqual(['a']);
    expect(lane.empty).toBe(true);
  });
});
