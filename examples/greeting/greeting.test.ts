// Tests the greeting without sockets.
import { testServer, type TestServer } from 'signalbox/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { GreetingController, type Greeting, type HelloMessage } from './greeting.controller.js';

interface Destinations {
  '/app/hello': HelloMessage;
  '/topic/greetings': Greeting;
}

describe('the greeting', () => {
  let app: TestServer<Destinations>;

  beforeEach(async () => {
    app = await testServer<Destinations>({ controllers: [GreetingController] });
  });

  afterEach(() => app.close());

  it('sends the greeting to all subscribers', async () => {
    const [ann, bob] = [await app.connect(), await app.connect()];
    const greetingsOfAnn = await ann.subscribe('/topic/greetings');
    const greetingsOfBob = await bob.subscribe('/topic/greetings');
    await ann.send('/app/hello', { name: 'Ann' });
    for (const greetings of [greetingsOfAnn, greetingsOfBob])
      expect(await greetings.next()).toMatchObject({ payload: { content: 'Hello, Ann!' } });
  });

  it.each([
    ['<b>', 'Hello, &lt;b&gt;!'],
    [`& < > " '`, 'Hello, &amp; &lt; &gt; &quot; &#39;!'],
    ['&lt;', 'Hello, &amp;lt;!'],
    ['Ærø 🚂', 'Hello, Ærø 🚂!'],
    ['', 'Hello, !'],
  ])('escapes markup in the name: %s', async (name, content) => {
    const { result } = await app.invoke(GreetingController, 'greet', { payload: { name } });
    expect(result).toEqual({ content });
  });

  it('reports an invalid name only to its sender, and continues', async () => {
    const [ann, bob] = [await app.connect(), await app.connect()];
    const greetings = await ann.subscribe('/topic/greetings');
    // @ts-expect-error no name
    await ann.send('/app/hello', { no: 'text' });
    expect(ann.problems).toMatchObject([{ code: 'payload-invalid', fields: [{ path: 'name' }] }]);
    expect(bob.problems).toEqual([]);
    await greetings.expectNone();
    await ann.send('/app/hello', { name: 'Ann' });
    expect(await greetings.next()).toMatchObject({ payload: { content: 'Hello, Ann!' } });
  });
});
