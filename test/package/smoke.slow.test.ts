// The packed package in programs of applications: ES modules and CommonJS, compiled with the module settings of TypeScript.
import { describe, expect, it } from 'vitest';
import { applicationForEachTest } from './application.js';

const application = applicationForEachTest();

const controller = `
  import { IsString } from 'class-validator';
  import { Controller, DestinationVariable, MessageMapping, Payload, Publisher, SendTo } from 'signalbox';

  declare module 'signalbox' {
    interface SessionAttributes { count: number }
  }

  export class Words { @IsString() text!: string; }

  @Controller('/rooms/{room}')
  export class RoomController {
    constructor(readonly publisher: Publisher) {}

    @MessageMapping('/say')
    @SendTo('/topic/rooms/{room}')
    say(@DestinationVariable('room') room: string, @Payload() words: Words) {
      return { room, text: words.text, publishes: typeof this.publisher.publish };
    }
  }
`;

const published = `{"room":"lobby","text":"hi","publishes":"function"}`;

/** Sends a valid and an invalid message through the test kit. */
const testKit = `
  import { MessagingError, type Session } from 'signalbox';
  import { auto, type ClientSocket } from 'signalbox/client';
  import { levelStore } from 'signalbox/store';
  import { testServer } from 'signalbox/testing';
  import { codecConformance } from 'signalbox/testing/conformance';

  export const countOf = (session: Session): number | undefined => session.attributes.get('count');

  export const connect: () => ClientSocket = auto('wss://localhost/ws');

  async function main() {
    const app = await testServer({ controllers: [RoomController] });
    const ann = await app.connect();
    const room = await ann.subscribe('/topic/rooms/lobby');
    await ann.send('/app/rooms/lobby/say', { text: 'hi' });
    console.log(JSON.stringify((await room.next()).payload));
    await ann.send('/app/rooms/lobby/say', { text: 3 });
    console.log(ann.problems.map(({ code }) => code).join());
    await app.close();
    console.log(typeof connect, typeof levelStore, typeof codecConformance, new MessagingError('no-route').code);
  }
  void main();
`;

const printed = `${published}\npayload-invalid\nfunction function function no-route\n`;

it('serves a STOMP client', async () => {
  application().write('room.controller.ts', controller);
  application().write(
    'main.ts',
    `import type { AddressInfo } from 'node:net';
     import { Client } from '@stomp/stompjs';
     import { createServer } from 'signalbox';
     import { WebSocket } from 'ws';
     import { RoomController } from './room.controller.js';

     const server = await createServer({ controllers: [RoomController] });
     await server.listen(0);
     const { port } = server.address() as AddressInfo;
     const webSocketFactory = () => new WebSocket(\`ws://localhost:\${port}/ws\`, 'v12.stomp');
     const client = new Client({ webSocketFactory });
     client.onConnect = () => {
       client.subscribe('/topic/rooms/lobby', ({ body }) => {
         console.log(body);
         void client.deactivate().then(() => server.close());
       });
       client.publish({ destination: '/app/rooms/lobby/say', body: '{"text":"hi"}' });
     };
     client.activate();`,
  );
  application().link('@types/ws');
  expect(await application().compile()).toBe('');
  const { code, output } = await application().node('main.js');
  expect(output).toContain(`\n${published}\n`);
  expect(code).toBe(0);
});

describe.each(['node16', 'node18', 'nodenext'])('compiled with module: %s', (module) => {
  it.each([
    ['main.ts', 'main.js'],
    ['main.cts', 'main.cjs'],
  ])('runs in the test kit: %s', async (source, program) => {
    application().write(source, controller + testKit);
    expect(await application().compile({ module, skipLibCheck: false })).toBe('');
    expect(await application().node(program)).toEqual({ code: 0, output: printed });
  });
});

it('compiles with the module resolution of bundlers and of Node 10', async () => {
  application().write('main.ts', controller + testKit);
  const bundler = { module: 'esnext', moduleResolution: 'bundler', noEmit: true };
  expect(await application().compile(bundler)).toBe('');
});
