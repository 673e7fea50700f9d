// User destinations: names that clients can say, and queues that they cannot.
import { describe, expect, it } from 'vitest';
import { isInternal, sessionQueue, UserDestinations } from '../../src/broker/user-destination.js';
import { MessagingError } from '../../src/message/error.js';

const users = new UserDestinations('/user');

describe('user destinations', () => {
  it('match below the prefix only', () => {
    expect(['/user/queue/x', '/users/queue/x', '/user'].map((each) => users.matches(each))).toEqual(
      [true, false, false],
    );
  });

  it("are a session's own queue on SUBSCRIBE, and the client sees its own name again", () => {
    const queue = users.own('s1', '/user/queue/x');
    expect(queue).toBe(sessionQueue('s1', '/queue/x'));
    expect(isInternal(queue)).toBe(true);
    expect(users.visible(queue)).toBe('/user/queue/x');
    expect(users.visible('/topic/x')).toBe('/topic/x');
  });

  it.each(['/user/', '/user/queue/*', '/user/**', '/user/{x}'])(
    'refuse to subscribe %s',
    (destination) => {
      expect(() => users.own('s1', destination)).toThrow(MessagingError);
    },
  );

  it('name a user and a destination on SEND; %2F in the name is a slash', () => {
    expect(users.address('/user/ann/queue/x')).toEqual({ user: 'ann', destination: '/queue/x' });
    expect(users.address('/user/a%2Fb/queue/x')).toEqual({ user: 'a/b', destination: '/queue/x' });
  });

  it.each(['/user/joe', '/user/joe/', '/user//queue/x'])('refuse to send to %s', (destination) => {
    expect(() => users.address(destination)).toThrow('Expected /user/{user}/{destination}.');
  });

  it('take a queue with or without its leading slash', () => {
    expect(sessionQueue('s1', 'queue/x')).toBe(sessionQueue('s1', '/queue/x'));
  });
});
