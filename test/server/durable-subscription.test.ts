// Tests durable subscriptions with whole servers: `client-id` on CONNECT, `durable-subscription-name` on SUBSCRIBE.
import { testServer, type ClientProtocolName } from 'signalbox/testing';
import { describe, expect, it } from 'vitest';

const news = '/topic/news';
const durably = { headers: { 'durable-subscription-name': 'news' } };
const asDesk = { headers: { 'client-id': 'desk' } };

describe.each<ClientProtocolName>(['stomp', 'json'])('over %s', (protocol) => {
  it('a client that reconnects receives the messages it missed', async () => {
    await using app = await testServer({ protocol });
    const ann = await app.connect({ user: 'ann', ...asDesk });
    const first = await ann.subscribe(news, durably);
    await app.server.publisher.publish(news, 'one');
    expect(await first.next()).toMatchObject({ payload: 'one' });
    await ann.disconnect();
    await app.server.publisher.publish(news, 'two');
    const again = await app.connect({ user: 'ann', ...asDesk });
    const second = await again.subscribe(news, durably);
    expect(await second.next()).toMatchObject({ payload: 'two' });
    await second.unsubscribe();
    await app.server.publisher.publish(news, 'three');
    const third = await again.subscribe(news, durably);
    await third.expectNone();
  });

  it('other users and clients do not receive the missed messages', async () => {
    await using app = await testServer({ protocol });
    const ann = await app.connect({ user: 'ann', ...asDesk });
    await ann.subscribe(news, durably);
    await ann.vanish();
    await app.server.publisher.publish(news, 'for ann');
    for (const options of [
      { user: 'bob', ...asDesk },
      { user: 'ann', headers: { 'client-id': 'phone' } },
      asDesk,
    ]) {
      const other = await app.connect(options);
      await (await other.subscribe(news, durably)).expectNone();
    }
  });

  it('a client without a `client-id` is rejected', async () => {
    await using app = await testServer({ protocol });
    const ann = await app.connect({ user: 'ann' });
    await expect(ann.subscribe(news, durably)).rejects.toMatchObject({
      problem: {
        code: 'header-refused',
        message: 'A durable subscription needs the header client-id on CONNECT.',
      },
    });
  });

  it('a `client-id` of white space is not one', async () => {
    await using app = await testServer({ protocol });
    const ann = await app.connect({ user: 'ann', headers: { 'client-id': ' ' } });
    await expect(ann.subscribe(news, durably)).rejects.toMatchObject({
      problem: { code: 'header-refused' },
    });
  });

  it.each(['', ' ', ' \t '])('the name %j is rejected', async (name) => {
    await using app = await testServer({ protocol });
    const ann = await app.connect({ user: 'ann', ...asDesk });
    for (const destination of [news, '/queue/news', '/user/queue/news'])
      await expect(
        ann.subscribe(destination, { headers: { 'durable-subscription-name': name } }),
      ).rejects.toMatchObject({
        problem: {
          code: 'header-refused',
          message: 'The header durable-subscription-name must contain a name.',
        },
      });
  });

  it('an anonymous client of another address does not take over the subscription', async () => {
    await using app = await testServer({ protocol });
    const [here, there] = ['192.0.2.1', '192.0.2.2'].map((remoteAddress) => ({
      ...asDesk,
      handshake: { remoteAddress },
    }));
    const desk = await app.connect(here);
    await desk.subscribe(news, durably);
    await desk.vanish();
    await app.server.publisher.publish(news, 'missed');
    const other = await app.connect(there);
    await (await other.subscribe(news, durably)).expectNone();
    const again = await app.connect(here);
    const subscription = await again.subscribe(news, durably);
    expect(await subscription.next()).toMatchObject({ payload: 'missed' });
    expect(other.closed).toBeUndefined();
  });

  it.each(['/user/queue/news', '/temp-queue/news', '/app/news'])(
    'a durable subscription to %s is rejected',
    async (destination) => {
      await using app = await testServer({ protocol });
      const ann = await app.connect({ user: 'ann', ...asDesk });
      await expect(ann.subscribe(destination, durably)).rejects.toMatchObject({
        problem: { code: 'destination-invalid' },
      });
    },
  );

  it.each([news, '/topic/sport'])(
    'a second subscription with the name in the same session is rejected, and the first one stays: %s',
    async (destination) => {
      await using app = await testServer({ protocol });
      const ann = await app.connect({ user: 'ann', ...asDesk });
      const first = await ann.subscribe(news, durably);
      await expect(ann.subscribe(destination, durably)).rejects.toMatchObject({
        problem: {
          code: 'subscription-exists',
          message:
            'The session already has a durable subscription with this name; end it with UNSUBSCRIBE first.',
        },
      });
      await app.server.publisher.publish(news, 'one');
      expect(await first.next()).toMatchObject({ payload: 'one' });
      await first.unsubscribe();
      await app.server.publisher.publish(news, 'two');
      const second = await ann.subscribe(destination, durably);
      await app.server.publisher.publish(destination, 'three');
      expect(await second.next()).toMatchObject({ payload: 'three' });
    },
  );

  it('a second session of the client takes over the subscription', async () => {
    await using app = await testServer({ protocol });
    const old = await app.connect({ user: 'ann', ...asDesk });
    await old.subscribe(news, durably);
    const young = await app.connect({ user: 'ann', ...asDesk });
    const subscription = await young.subscribe(news, durably);
    expect(old.closed).toEqual({ code: 1008, reason: 'subscription-taken' });
    await app.server.publisher.publish(news, 'one');
    expect(await subscription.next()).toMatchObject({ payload: 'one' });
  });
});
