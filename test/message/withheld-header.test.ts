// The headers of clients that are passed on, and those that are withheld.
import { describe, expect, it } from 'vitest';
import { withheld } from '../../src/message/withheld-header.js';

const isWithheld = (name: string, names: RegExp) => names.test(name);

describe('a header of a client', () => {
  it.each(['user-name', 'message-id', 'original-destination', 'destination'])(
    'is withheld when it is the header %s of the server, also with white space around its name',
    (name) => {
      const before = [
        '',
        ' ',
        '\t',
        '\n',
        '\r',
        '\u001f',
        '\u0085',
        '\u00a0',
        '\u200b',
        '\u3000',
        '\ufeff',
      ];
      for (const space of before) {
        expect(isWithheld(`${space}${name}`, withheld.send)).toBe(true);
        expect(isWithheld(`${name}${space}`, withheld.send)).toBe(true);
      }
    },
  );

  it.each([
    'User-Name',
    'user name',
    'user-names',
    'x',
    'é',
    ' tenant ',
    'content-type',
    'reply-to',
  ])('is passed on when it is %j', (name) => {
    expect(isWithheld(name, withheld.send)).toBe(false);
  });

  it('is withheld when it is reply-to with white space, which the server does not rewrite', () => {
    expect(isWithheld(' reply-to', withheld.send)).toBe(true);
  });

  it('of CONNECT is withheld when it is the passcode', () => {
    expect(isWithheld('passcode\t', withheld.connect)).toBe(true);
    expect(isWithheld('user-name', withheld.connect)).toBe(false);
  });
});
