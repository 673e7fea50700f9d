// The type of principals: the properties that the application declares are known wherever it reads a principal.
import { expect, expectTypeOf, it } from 'vitest';
import { Controller } from '../../src/controller/decorators/controller.js';
import { MessageMapping } from '../../src/controller/decorators/mapping.js';
import { Principal } from '../../src/controller/arguments/principal.js';
import { testServer } from 'signalbox/testing';

declare module 'signalbox' {
  interface PrincipalProperties {
    readonly 'test:role'?: 'admin' | 'member';
  }
}

@Controller()
class RoleController {
  @MessageMapping('/role')
  role(@Principal() user?: Principal) {
    expectTypeOf(user?.['test:role']).toEqualTypeOf<'admin' | 'member' | undefined>();
    return user?.['test:role'];
  }
}

it('has the declared properties in handlers, interceptors and events', async () => {
  const roles: (string | undefined)[] = [];
  await using app = await testServer({
    controllers: [RoleController],
    authenticate: ({ login = '' }) => ({ name: login, 'test:role': 'admin' }),
    interceptors: [
      async (frame, { principal }, next) => {
        if (frame.kind === 'send') roles.push(principal?.['test:role']);
        await next();
      },
    ],
  });
  app.server.events.on('disconnected', ({ session }) => {
    roles.push(session.principal?.['test:role']);
  });
  const ann = await app.connect({ login: 'ann' });
  const answers = await ann.subscribe('/topic/role');
  await ann.send('/app/role');
  expect((await answers.next()).payload).toBe('admin');
  await ann.disconnect();
  expect(roles).toEqual(['admin', 'admin']);
});

it('rejects an authenticator that returns another type', async () => {
  await using app = await testServer({
    // @ts-expect-error -- the declared type has no such value
    authenticate: () => ({ name: 'ann', 'test:role': 'guest' as const }),
  });
  expect((await app.connect()).user).toBe('ann');
});
