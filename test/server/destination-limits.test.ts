// The limits of destinations and patterns, as clients meet them.
import { EmbeddedBroker } from 'signalbox';
import { testServer, type ClientProtocolName, type TestServer } from 'signalbox/testing';
import { afterEach, describe, expect, it } from 'vitest';

describe.each<ClientProtocolName>(['stomp', 'json'])('over %s', (protocol) => {
  let app: TestServer;
  afterEach(() => app.close());

  it('SEND and SUBSCRIBE are refused with a long destination', async () => {
    app = await testServer({ protocol, limits: { maxDestinationCharacters: 20 } });
    const ann = await app.connect();
    const news = await ann.subscribe('/topic/'.padEnd(20, 'x'));
    await ann.send('/topic/'.padEnd(20, 'x'), 'news');
    expect(await news.next()).toMatchObject({ payload: 'news' });
    const code = 'destination-invalid';
    await expect(ann.subscribe('/topic/'.padEnd(21, 'x'))).rejects.toMatchObject({
      problem: { code },
    });
    await ann.send('/topic/'.padEnd(21, 'x'), 'news');
    expect(ann.problems.at(-1)).toMatchObject({ code });
    await news.expectNone();
  });

  it('a session has room for another pattern when it ends a subscription', async () => {
    app = await testServer({ protocol, limits: { maxPatternWildcards: 2 } });
    const ann = await app.connect();
    const first = await ann.subscribe('/topic/a/*');
    await ann.subscribe('/topic/b/*');
    await expect(ann.subscribe('/topic/c/*')).rejects.toMatchObject({
      problem: { code: 'pattern-limit' },
    });
    await first.unsubscribe();
    const third = await ann.subscribe('/topic/c/*');
    await ann.send('/topic/c/1', 'news');
    expect(await third.next()).toMatchObject({ payload: 'news' });
  });

  it('all sessions share the limit of shapes, except for simple patterns', async () => {
    app = await testServer({
      protocol,
      broker: new EmbeddedBroker({ topic: { maxPatternShapes: 1 } }),
    });
    const [ann, bob] = [await app.connect(), await app.connect()];
    await ann.subscribe('/topic/a*');
    await expect(bob.subscribe('/topic/ab*')).rejects.toMatchObject({
      problem: { code: 'pattern-limit' },
    });
    const one = await bob.subscribe('/topic/b*');
    const all = await bob.subscribe('/topic/**');
    await ann.send('/topic/bc', 'news');
    expect([await one.next(), await all.next()]).toMatchObject([
      { payload: 'news' },
      { payload: 'news' },
    ]);
    await ann.disconnect();
    await bob.subscribe('/topic/*/x');
  });
});
