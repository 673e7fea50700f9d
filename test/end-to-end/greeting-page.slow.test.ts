// Tests the page of the greeting in two windows of a browser.
import { once } from 'node:events';
import { createServer, type Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Browser, Page } from 'playwright-core';
import type { Server } from 'signalbox';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findBrowser, launchBrowser } from '../browser.js';
import { mount } from '../../examples/greeting/greeting.server.js';

const executable = findBrowser();
const screenshots = process.env['SCREENSHOTS'];

describe.skipIf(executable === undefined)('the page', () => {
  let browser: Browser;
  let http: HttpServer;
  let server: Server;
  let port: number;
  const complaints: string[] = [];

  beforeAll(async () => {
    browser = await launchBrowser(executable!);
    await serve(0);
  }, 60_000);

  afterAll(async () => {
    await browser.close();
    await stop();
  });

  async function serve(at: number): Promise<void> {
    http = createServer();
    server = await mount(http, '/');
    await once(http.listen(at, '127.0.0.1'), 'listening');
    port = (http.address() as AddressInfo).port;
  }

  async function stop(): Promise<void> {
    await server.close();
    http.closeAllConnections();
    http.close();
    await once(http, 'close');
  }

  async function open(width: number, colorScheme: 'light' | 'dark', script = ''): Promise<Page> {
    const page = await browser.newPage({ viewport: { width, height: 800 }, colorScheme });
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text());
    });
    page.on('pageerror', (error) => void complaints.push(error.message));
    await page.addInitScript(script);
    await page.goto(`http://127.0.0.1:${port}/`);
    await page
      .getByRole('status')
      .filter({ hasText: /^Connected$/ })
      .waitFor();
    return page;
  }

  it('shows the greeting in both windows, with the keyboard only, and shows markup as text', async () => {
    const [desk, phone] = [await open(1000, 'light'), await open(390, 'dark')];
    await desk.getByLabel('Your name').focus();
    await desk.keyboard.type('Ann <b>&"\'');
    await desk.keyboard.press('Enter');
    for (const page of [desk, phone]) {
      await page.getByRole('listitem').filter({ hasText: 'Hello, Ann <b>&"\'!' }).waitFor();
    }
    await phone.getByLabel('Your name').fill('Bob');
    await phone.getByRole('button', { name: 'Send' }).click();
    await desk.getByRole('listitem').filter({ hasText: 'Hello, Bob!' }).waitFor();
    await desk.getByLabel('Your name').fill('   ');
    await desk.keyboard.press('Enter');
    expect(await desk.locator(':invalid[name]').getAttribute('name')).toBe('name');
    // A string, because the types of Node do not include those of the browser.
    const tooWide = 'document.documentElement.scrollWidth > innerWidth';
    expect(await phone.evaluate(tooWide)).toBe(false);
    if (screenshots !== undefined) {
      await desk.screenshot({ path: `${screenshots}/greeting-desk.png` });
      await phone.screenshot({ path: `${screenshots}/greeting-phone.png` });
    }
    expect(complaints).toEqual([]);
    await Promise.all([desk.close(), phone.close()]);
  });

  it('works in a browser without WebSocket', async () => {
    const page = await open(1000, 'light', 'delete window.WebSocket');
    await page.getByLabel('Your name').fill('Dan');
    await page.getByRole('button', { name: 'Send' }).click();
    await page.getByRole('listitem').filter({ hasText: 'Hello, Dan!' }).waitFor();
    expect(complaints).toEqual([]);
    await page.close();
  });

  it('shows that it is not connected, and reconnects', async () => {
    const page = await open(1000, 'light');
    await stop();
    await page.getByRole('status').filter({ hasText: 'Reconnecting' }).waitFor();
    await serve(port);
    await page
      .getByRole('status')
      .filter({ hasText: /^Connected$/ })
      .waitFor();
    await page.getByLabel('Your name').fill('Cat');
    await page.getByRole('button', { name: 'Send' }).click();
    await page.getByRole('listitem').filter({ hasText: 'Hello, Cat!' }).waitFor();
    await page.close();
  });
});
