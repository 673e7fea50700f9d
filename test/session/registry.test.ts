// The registry: sessions by id, users by name.
import { describe, expect, it } from 'vitest';
import { LocalSessionRegistry } from '../../src/session/registry.js';
import type { Session } from '../../src/session/session.js';

const session = (id: string, name?: string) =>
  ({ id, principal: name === undefined ? undefined : { name } }) as unknown as Session;

describe('the registry', () => {
  it('finds sessions by id and by user, and forgets a user with the last session', () => {
    const registry = new LocalSessionRegistry();
    const [phone, desk, guest] = [session('1', 'ann'), session('2', 'ann'), session('3')];
    for (const each of [phone, desk, guest]) registry.add(each);
    expect([registry.size, registry.get('3'), [...registry.users()]]).toEqual([3, guest, ['ann']]);
    expect([...registry.ofUser('ann')]).toEqual([phone, desk]);
    registry.remove(phone);
    expect([...registry.ofUser('ann')]).toEqual([desk]);
    registry.remove(desk);
    expect([[...registry.users()], [...registry.ofUser('ann')], [...registry.all()]]).toEqual([
      [],
      [],
      [guest],
    ]);
  });
});
