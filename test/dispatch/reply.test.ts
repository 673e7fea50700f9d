// The targets of handlers' values: defaults and reply decorators.
import { describe, expect, it } from 'vitest';
import type { Invocation } from '../../src/dispatch/invocation.js';
import {
  defaultReply,
  combineReplies,
  placeholdersOf,
  toDestinations,
  toProblemQueue,
  toUser,
} from '../../src/dispatch/reply.js';
import { message } from '../broker/publication.js';
import { fakeSession } from './fake-session.js';

interface Given extends Partial<Pick<Invocation, 'on' | 'lookup' | 'subscription'>> {
  readonly variables?: Readonly<Record<string, string>>;
  readonly user?: string;
}

function fakeInvocation({ variables = {}, user, ...given }: Given = {}): Invocation {
  const session = fakeSession(user);
  const { lookup = '/x' } = given;
  return {
    on: 'send',
    session,
    message: message(`/app${lookup}`),
    lookup,
    subscription: undefined,
    variables: new Map(Object.entries(variables)),
    signal: session.signal,
    error: undefined,
    ...given,
  };
}

describe('the default reply', () => {
  it('of a SEND is /topic and the lookup destination', () => {
    expect(defaultReply('send')(fakeInvocation({ lookup: '/rooms/lobby/say' }))).toEqual([
      { kind: 'destination', destination: '/topic/rooms/lobby/say' },
    ]);
  });

  it('of a SEND with dots is below /topic as well', () => {
    expect(defaultReply('send')(fakeInvocation({ lookup: 'red.blue' }))).toEqual([
      { kind: 'destination', destination: '/topic/red.blue' },
    ]);
  });

  it('of a SUBSCRIBE goes to the new subscription, under the destination of the client', () => {
    expect(
      defaultReply('subscribe')(
        fakeInvocation({ on: 'subscribe', lookup: '/init', subscription: 'sub-0' }),
      ),
    ).toEqual([
      { kind: 'subscription', session: 's-1', subscription: 'sub-0', destination: '/app/init' },
    ]);
    expect(defaultReply('subscribe')(fakeInvocation())).toEqual([]);
  });

  it('of an exception handler goes to the sending session only', () => {
    expect(toProblemQueue(fakeInvocation({ user: 'ann' }))).toEqual([
      { kind: 'session', session: 's-1', destination: '/queue/errors' },
    ]);
  });
});

describe('a reply to destinations', () => {
  it('fills in variables', () => {
    const reply = toDestinations(['/topic/{room}/by/{user}', '/topic/all']);
    expect(reply(fakeInvocation({ variables: { room: 'lobby', user: 'ann' } }))).toEqual([
      { kind: 'destination', destination: '/topic/lobby/by/ann' },
      { kind: 'destination', destination: '/topic/all' },
    ]);
  });

  it('does not interpret the values of variables', () => {
    expect(
      toDestinations(['/topic/{a}'])(fakeInvocation({ variables: { a: '$&{b}', b: 'x' } })),
    ).toEqual([{ kind: 'destination', destination: '/topic/$&{b}' }]);
  });

  it('throws when a variable is missing', () => {
    expect(() => toDestinations(['/topic/{room}'])(fakeInvocation())).toThrow(
      expect.objectContaining({ code: 'argument-missing' }),
    );
  });

  it('lists its placeholders', () => {
    expect(placeholdersOf('/topic/{room}/{user}')).toEqual(['room', 'user']);
    expect(placeholdersOf('/topic')).toEqual([]);
  });
});

describe('a reply to the user', () => {
  it('goes to all sessions of the user', () => {
    expect(
      toUser(['/queue/{x}'], true)(fakeInvocation({ user: 'ann', variables: { x: 'y' } })),
    ).toEqual([{ kind: 'user', user: 'ann', destination: '/queue/y' }]);
  });

  it('without destination goes to /queue and the lookup destination', () => {
    expect(toUser([], true)(fakeInvocation({ user: 'ann', lookup: '/a/b' }))).toEqual([
      { kind: 'user', user: 'ann', destination: '/queue/a/b' },
    ]);
  });

  it('goes to the sending session if broadcast is false or the sender is anonymous', () => {
    const own = [{ kind: 'session', session: 's-1', destination: '/queue/x' }];
    expect(toUser(['/queue/x'], false)(fakeInvocation({ user: 'ann' }))).toEqual(own);
    expect(toUser(['/queue/x'], true)(fakeInvocation())).toEqual(own);
  });
});

describe('several replies', () => {
  it('are combined in their order', () => {
    const reply = combineReplies([toUser(['/queue/x'], false), toDestinations(['/topic/x'])]);
    expect(reply(fakeInvocation()).map(({ kind }) => kind)).toEqual(['session', 'destination']);
  });
});
