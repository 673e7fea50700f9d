// What the log says of problems: what the application has to mend, and nothing of what its clients do wrong.
import { once } from 'node:events';
import { expect, it } from 'vitest';
import {
  Controller,
  MessageMapping,
  Payload,
  Signal,
  silentLogger,
  type StandardSchema,
} from '../../src/index.js';
import { testServer } from '../../src/testing.js';

/** Whoever checks it has lost its database. */
const Checked: StandardSchema = {
  '~standard': {
    version: 1,
    vendor: 'test',
    validate: async () => Promise.reject(new Error('no database')),
  },
};

@Controller()
class FaultyController {
  @MessageMapping('/unwritable')
  unwritable() {
    return { big: 1n };
  }

  @MessageMapping('/unchecked')
  unchecked(@Payload(Checked) checked: unknown) {
    return checked;
  }

  @MessageMapping('/hanging')
  hanging(@Signal() signal: AbortSignal) {
    return once(signal, 'abort');
  }
}

it.each([
  [
    'unwritable',
    'payload-unwritable',
    'The result of the handler of "/app/unwritable" cannot be written.',
  ],
  ['unchecked', 'payload-invalid', 'The payload of "/app/unchecked" could not be validated.'],
])(
  "what is the application's fault stands in the log, with its cause: %s",
  async (path, code, text) => {
    const logged: unknown[] = [];
    const logger = { ...silentLogger, error: (...said: unknown[]) => logged.push(...said) };
    await using app = await testServer({ controllers: [FaultyController], logger });
    const ann = await app.connect();
    await ann.send(`/app/${path}`, { name: 'ann' });
    await app.server.idle();
    expect(ann.problems).toMatchObject([{ code }]);
    expect(logged).toEqual([text, expect.any(Error)]);
  },
);

it('so does a handler that took too long, also in a transaction', async () => {
  const logged: unknown[] = [];
  const logger = { ...silentLogger, error: (text: string) => logged.push(text) };
  await using app = await testServer({ controllers: [FaultyController], logger });
  const ann = await app.connect();
  const sent = ann.send('/app/hanging');
  await app.clock.advance(30_000);
  await sent;
  await ann.begin('t');
  await ann.send('/app/hanging', undefined, { transaction: 't' });
  const committed = ann.commit('t');
  await app.clock.advance(30_000);
  await committed;
  expect(ann.problems).toMatchObject([{ code: 'handler-timeout' }, { code: 'transaction-failed' }]);
  expect(logged).toEqual([
    'The handler of "/app/hanging" took too long.',
    'A handler failed in a transaction.',
  ]);
});

it("what is a client's fault does not, also in a transaction", async () => {
  const logged: unknown[] = [];
  const logger = { ...silentLogger, error: (text: string) => logged.push(text) };
  await using app = await testServer({ controllers: [FaultyController], logger });
  const ann = await app.connect();
  await ann.begin('t');
  await ann.send('/app/nobody', undefined, { transaction: 't' });
  await ann.commit('t');
  expect(ann.problems).toMatchObject([{ code: 'transaction-failed' }]);
  expect(logged).toEqual([]);
});
