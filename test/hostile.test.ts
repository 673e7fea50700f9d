// Hostile input over both protocols: each gets its documented answer, loses nothing that was accepted before it, harms nobody else
// and leaves nothing behind.
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  createServer,
  errorTable,
  memoryTransport,
  type ErrorCode,
  type Logger,
  type MemoryClient,
} from '../src/index.js';
import { countingClock } from './counting-clock.js';
import { attackers } from './hostile/attacker.js';
import { HostileController } from './hostile/controller.js';
import { destinationRows } from './hostile/destination-rows.js';
import { handlerRows } from './hostile/handler-rows.js';
import { octetRows } from './hostile/octet-rows.js';
import { orderRows } from './hostile/order-rows.js';
import { marker, type Row, type Said } from './hostile/row.js';
import { connect } from './stomp-client.js';

/** What an application gave us may be the worst of all. */
const fail = () => {
  throw new Error('The log is full.');
};
const failingLogger: Logger = { error: fail, warn: fail, info: fail };

beforeAll(() => void vi.spyOn(console, 'error').mockReturnValue());
afterAll(() => void vi.restoreAllMocks());

interface Input {
  readonly row: Row;
  readonly protocol: keyof typeof attackers;
  readonly said: Said;
  readonly code: ErrorCode | undefined;
  /** What the session is closed with; undefined when it lives on. */
  readonly closes: number | undefined;
}

function inputOf(row: Row, protocol: Input['protocol']): Input[] {
  const said = row[protocol];
  if (said === undefined) return [];
  const code = protocol === 'json' ? (row.jsonCode ?? row.code) : row.code;
  return [{ row, protocol, said, code, closes: code && closeCodeOf(code) }];
}

function closeCodeOf(code: ErrorCode): number | undefined {
  const entry = errorTable[code];
  return 'closes' in entry ? entry.closes : undefined;
}

const rows = [...octetRows, ...orderRows, ...destinationRows, ...handlerRows];
const inputs = rows.flatMap((row) => [...inputOf(row, 'stomp'), ...inputOf(row, 'json')]);

interface Outcome {
  readonly code: unknown;
  readonly receipt: unknown;
  readonly fields: unknown;
  /** What of the answer should not be in one: parts of the input, secrets, stacks. */
  readonly leaked: readonly string[];
  readonly closed: number | undefined;
  /** What the bystander heard, all of it. */
  readonly heard: readonly string[];
  /** Sessions and timers when the server has closed. */
  readonly left: readonly number[];
}

async function outcomeOf({ row, protocol, said, code, closes }: Input): Promise<Outcome> {
  const clock = countingClock();
  const transport = memoryTransport();
  const server = await createServer({
    transports: [transport],
    controllers: [HostileController],
    handlerTimeout: 30,
    clock,
    logger: failingLogger,
  });
  await server.start();
  const bystander = await connect(transport);
  await bystander.subscribe('b', '/topic/x');

  const attacker = attackers[protocol](transport);
  if (row.first !== true) {
    await attacker.connect();
    attacker.publish('accepted before');
  }
  say(attacker.connection, said);
  const answer = code === undefined ? undefined : await attacker.answered();
  attacker.publish('afterwards');
  const closed = closes === undefined ? undefined : (await attacker.connection.closed).code;
  if (closes === undefined) await attacker.settled();

  const late = await connect(transport);
  late.say('SEND', { destination: '/topic/x' }, 'by another');
  await server.idle();
  const heard = bystander.heard.map(({ body }) => body);
  await server.close();
  return {
    code: answer?.code,
    receipt: answer?.receipt,
    fields: answer?.fields,
    leaked: leaksOf(answer?.text ?? ''),
    closed,
    heard,
    left: [server.sessions.size, clock.timers],
  };
}

function say(connection: MemoryClient, said: Said): void {
  const parts = typeof said === 'string' || said instanceof Uint8Array ? [said] : said;
  for (const part of parts) connection.send(part);
}

function leaksOf(answer: string): string[] {
  return [marker, 'secret', '    at ', 'node_modules', '.ts:'].filter((each) =>
    answer.includes(each),
  );
}

it('there are at least sixty inputs for each protocol', () => {
  const count = (protocol: string) => inputs.filter((each) => each.protocol === protocol).length;
  expect(Math.min(count('stomp'), count('json'))).toBeGreaterThanOrEqual(60);
  expect(new Set(rows.map(({ name }) => name)).size).toBe(rows.length);
});

describe('hostile input', () => {
  it.each(inputs)('$row.name, over $protocol: $code', async (input) => {
    const { row, code, closes } = input;
    const before = row.first === true ? [] : ['accepted before'];
    const afterwards = closes === undefined ? ['afterwards'] : [];
    expect(await outcomeOf(input)).toMatchObject({
      code,
      receipt: code && row.receipt,
      ...(row.fields === undefined ? {} : { fields: row.fields }),
      leaked: [],
      closed: closes,
      heard: [...before, ...afterwards, 'by another'],
      left: [0, 0],
    });
  });
});
