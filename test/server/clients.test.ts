// The tables of clients: connected clients by session id and by user, and clients that still have work.
import { beforeEach, describe, expect, it } from 'vitest';
import { Clients, type ListedClient } from '../../src/server/clients.js';

function client(id: string, user?: string): ListedClient {
  const session = { id, user };
  const openSubscriber = { id } as ListedClient['openSubscriber'];
  return { session: session as ListedClient['session'], openSubscriber };
}

let clients: Clients;

beforeEach(() => (clients = new Clients()));

describe('a client that has not sent CONNECT', () => {
  it('is alive, but not listed as connected', () => {
    const ann = client('1', 'ann');
    clients.add(ann);
    expect([...clients.alive()]).toEqual([ann.session]);
    expect(clients.size).toBe(0);
    expect([...clients.all(), ...clients.users()]).toEqual([]);
    expect(clients.get('1')).toBeUndefined();
    expect(clients.subscriberOf('1')).toBeUndefined();
  });
});

describe('connected clients', () => {
  it('are listed by session id', () => {
    const [ann, guest] = [client('1', 'ann'), client('2')];
    for (const each of [ann, guest]) clients.connected(each);
    expect(clients.size).toBe(2);
    expect([...clients.all()]).toEqual([ann.session, guest.session]);
    expect(clients.get('2')).toBe(guest.session);
    expect(clients.subscriberOf('1')).toBe(ann.openSubscriber);
  });

  it('are listed by user, without anonymous ones', () => {
    const [phone, desk, bob] = [client('1', 'ann'), client('2', 'ann'), client('3', 'bob')];
    for (const each of [phone, desk, bob, client('4')]) clients.connected(each);
    expect([...clients.users()]).toEqual(['ann', 'bob']);
    expect([...clients.ofUser('ann')]).toEqual([phone.session, desk.session]);
    expect([...clients.sessionsOf('ann')]).toEqual(['1', '2']);
    expect([...clients.ofUser('eve'), ...clients.sessionsOf('eve')]).toEqual([]);
  });
});

describe('a client whose connection is closed', () => {
  it('leaves the tables of sessions and users, and stays alive until it has no work', () => {
    const [phone, desk] = [client('1', 'ann'), client('2', 'ann')];
    for (const each of [phone, desk]) {
      clients.add(each);
      clients.connected(each);
    }
    clients.disconnected(phone);
    expect(clients.get('1')).toBeUndefined();
    expect([...clients.sessionsOf('ann')]).toEqual(['2']);
    expect([...clients.alive()]).toEqual([phone.session, desk.session]);
    clients.remove(phone);
    expect([...clients.alive()]).toEqual([desk.session]);
  });

  it('removes its user when it was the last session', () => {
    const ann = client('1', 'ann');
    clients.connected(ann);
    clients.disconnected(ann);
    expect(clients.size).toBe(0);
    expect([...clients.users()]).toEqual([]);
  });

  it('is removed once; an anonymous or unknown client is ignored', () => {
    const [guest, bob] = [client('1'), client('2', 'bob')];
    clients.connected(guest);
    clients.disconnected(guest);
    clients.disconnected(guest);
    clients.disconnected(bob);
    expect([clients.size, ...clients.users()]).toEqual([0]);
  });
});
