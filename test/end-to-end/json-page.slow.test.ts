// The JSON client of docs/protocols.md in a real browser, with the program of the README.
import { once } from 'node:events';
import { createServer as createHttp } from 'node:http';
import type { AddressInfo } from 'node:net';
import { IsString } from 'class-validator';
import { expect, it } from 'vitest';
import { Controller, createServer, MessageMapping, Payload, SendTo } from '../../src/index.js';
import { findBrowser, launchBrowser } from '../browser.js';
import { readPages } from '../docs/page.js';

const executable = findBrowser();

class Hello {
  @IsString() name!: string;
}

@Controller()
class GreetingController {
  @MessageMapping('/hello')
  @SendTo('/topic/greetings')
  greet(@Payload(Hello) hello: Hello) {
    return { content: `Hello, ${hello.name}!` };
  }
}

function example(): string {
  const { fences } = readPages().find(({ path }) => path === 'docs/protocols.md')!;
  return fences.find(({ info }) => info === 'js browser')!.code;
}

it('are twenty', () => {
  expect(example().split('\n').length).toBeLessThanOrEqual(20);
});

it.skipIf(executable === undefined)('work as documented', async () => {
  const http = createHttp((_request, response) => response.end('<!doctype html><title>x</title>'));
  const server = await createServer({ controllers: [GreetingController] });
  await server.attach(http);
  await once(http.listen(0, '127.0.0.1'), 'listening');
  const address = `127.0.0.1:${(http.address() as AddressInfo).port}`;
  const browser = await launchBrowser(executable!);
  const page = await browser.newPage();
  await page.goto(`http://${address}/`);
  const said = page.waitForEvent('console');
  await page.addScriptTag({ content: example().replace('localhost:8080', address) });
  expect((await said).text()).toBe('greetings {content: Hello, Ann!}');
  await browser.close();
  await server.close();
  http.close();
});
