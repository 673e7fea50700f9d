// Authentication: results of an authenticator that are principals, and results that refuse the client.
import { describe, expect, it } from 'vitest';
import { MessagingError } from '../../src/message/error.js';
import type { ConnectFrame } from '../../src/message/frame.js';
import { authenticated, type Authenticator } from '../../src/security/authenticator.js';
import type { Handshake } from '../../src/transport/transport.js';

const connect = {} as ConnectFrame;
const anonymous = { principal: undefined } as Handshake;
const ofAnn = { principal: { name: 'ann' } } as Handshake;

const returning = (result: unknown) => (() => result) as Authenticator;

/** The text of the reason, which only the log contains. */
async function reasonOf(refused: Promise<unknown>): Promise<string> {
  const error = (await refused.catch((thrown: unknown) => thrown)) as MessagingError;
  expect(error).toMatchObject({ code: 'access-refused', message: 'Access refused.' });
  return (error.cause as Error).message;
}

describe('the principal of a client', () => {
  it('is the object that the authenticator returns', async () => {
    const account = { name: 'bob', role: 'editor' };
    expect(await authenticated(returning(account), connect, ofAnn)).toBe(account);
    expect(await authenticated(returning(Promise.resolve(account)), connect, anonymous)).toBe(
      account,
    );
  });

  it('is the principal of the transport without an authenticator, or when it returns undefined', async () => {
    for (const authenticate of [undefined, returning(undefined), async () => undefined]) {
      expect(await authenticated(authenticate, connect, ofAnn)).toBe(ofAnn.principal);
      expect(await authenticated(authenticate, connect, anonymous)).toBeUndefined();
    }
  });
});

describe('a client is refused', () => {
  it.each<[found: string, result: unknown]>([
    ['null', null],
    ['false', false],
    ["'ann'", 'ann'],
    ['{}', {}],
    ['[Object]', { name: '' }],
    ['[Object]', { name: ' \t' }],
    ['[Object]', { name: 3 }],
    ['[Array]', ['ann']],
    ['[Function (anonymous)]', () => ({ name: 'ann' })],
  ])('when the authenticator returns %s, also later', async (found, result) => {
    const reason = `authenticate() returned ${found}, which is not a principal; return an object with a name that is a string and not blank, or undefined.`;
    for (const authenticate of [returning(result), returning(Promise.resolve(result))])
      expect(await reasonOf(authenticated(authenticate, connect, ofAnn))).toBe(reason);
  });

  it('when the principal of the transport has no name', async () => {
    const handshake = { principal: {} } as Handshake;
    expect(await reasonOf(authenticated(undefined, connect, handshake))).toMatch(
      /^The transport returned {}, which is not a principal/,
    );
  });

  it('when the authenticator throws or rejects, with its error as the reason', async () => {
    const fail = () => {
      throw new Error('no such user');
    };
    expect(await reasonOf(authenticated(fail, connect, ofAnn))).toBe('no such user');
    const reject = async () => fail();
    expect(await reasonOf(authenticated(reject, connect, ofAnn))).toBe('no such user');
  });
});
