// The chat's page in two windows of a real browser: one speaks STOMP, the other JSON.
import { once } from 'node:events';
import { createServer, type Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Browser, Page } from 'playwright-core';
import type { Server } from 'signalbox';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mount } from '../../examples/chat/chat.server.js';
import { findBrowser, launchBrowser } from '../browser.js';

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
    http = createServer();
    server = await mount(http, '/');
    await once(http.listen(0, '127.0.0.1'), 'listening');
    port = (http.address() as AddressInfo).port;
  }, 60_000);

  afterAll(async () => {
    await browser.close();
    await server.close();
    http.closeAllConnections();
    http.close();
  });

  async function open(width: number, colorScheme: 'light' | 'dark'): Promise<Page> {
    const page = await browser.newPage({ viewport: { width, height: 800 }, colorScheme });
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text());
    });
    page.on('pageerror', (error) => void complaints.push(error.message));
    await page.goto(`http://127.0.0.1:${port}/`);
    return page;
  }

  /** By keyboard alone, as every step of it can be done. */
  async function enter(page: Page, name: string, protocol: 'STOMP' | 'JSON'): Promise<void> {
    await page.getByLabel('Your name').focus();
    await page.keyboard.type(name);
    await page.keyboard.press('Tab');
    if (protocol === 'JSON') await page.keyboard.press('ArrowRight');
    await page.keyboard.press('Enter');
    await page
      .getByRole('status')
      .filter({ hasText: `Connected over ${protocol}` })
      .waitFor();
  }

  async function say(page: Page, text: string): Promise<void> {
    await page.getByLabel('What you say').fill(text);
    await page.keyboard.press('Enter');
  }

  const heard = (page: Page, text: string) =>
    page.getByRole('log').getByText(text, { exact: true }).waitFor();
  const screenshot = async (page: Page, name: string) => {
    if (screenshots !== undefined) await page.screenshot({ path: `${screenshots}/${name}.png` });
  };

  it('carries a talk between both protocols', async () => {
    const [desk, phone] = [await open(1000, 'light'), await open(390, 'dark')];
    await screenshot(desk, 'chat-enter');
    await enter(desk, 'Ann', 'STOMP');
    await say(desk, 'Is anybody <b>here</b>?');
    await heard(desk, 'Is anybody <b>here</b>?');
    await enter(phone, 'Bob', 'JSON');
    await heard(phone, 'Is anybody <b>here</b>?');
    await desk.getByRole('listitem').filter({ hasText: /^Bob$/ }).waitFor();

    await phone.getByLabel('What you say').pressSequentially('I a');
    await desk.getByText('Bob is typing …').waitFor();
    await say(phone, 'I am.');
    await heard(desk, 'I am.');

    await desk.getByLabel('To', { exact: true }).selectOption('Bob');
    await say(desk, 'Between us');
    await heard(phone, 'Between us');
    await phone.getByText('Ann to Bob alone').waitFor();

    await say(phone, '   ');
    await phone.getByRole('alert').filter({ hasText: 'Say something.' }).waitFor();
    const field = phone.getByLabel('What you say');
    expect(await field.getAttribute('aria-invalid')).toBe('true');

    // As text: the browser's names are not those of Node.
    const tooWide = 'document.documentElement.scrollWidth > innerWidth';
    expect(await phone.evaluate(tooWide)).toBe(false);
    await screenshot(desk, 'chat-desk');
    await screenshot(phone, 'chat-phone');
    expect(complaints).toEqual([]);
    await Promise.all([desk.close(), phone.close()]);
  });

  it.each(['STOMP', 'JSON'] as const)('over %s tells what was missed', async (protocol) => {
    const [page, other] = [await open(1000, 'dark'), await open(1000, 'light')];
    await enter(page, `Cat${protocol}`, protocol);
    await enter(other, 'Dan', 'JSON');
    await say(other, `before ${protocol}`);
    await heard(page, `before ${protocol}`);

    const [session] = server.sessions.ofUser(`Cat${protocol}`);
    session!.close(1001, 'try again');
    await page.getByRole('status').filter({ hasText: 'Connecting' }).waitFor();
    await say(other, `meanwhile ${protocol}`);
    await heard(page, `meanwhile ${protocol}`);
    await page.getByText('You are back; 1 message meanwhile:').waitFor();
    await screenshot(page, `chat-back-${protocol}`);
    expect(complaints).toEqual([]);
    await Promise.all([page.close(), other.close()]);
  });

  it('changes rooms', async () => {
    const page = await open(1000, 'light');
    await enter(page, 'Eve', 'JSON');
    await page.getByRole('button', { name: '#signals' }).click();
    await page.getByRole('heading', { name: '#signals' }).waitFor();
    await say(page, 'only here');
    await heard(page, 'only here');
    await page.getByRole('button', { name: '#lobby' }).click();
    await page.getByRole('heading', { name: '#lobby' }).waitFor();
    expect(await page.getByText('only here').count()).toBe(0);
    await page.close();
  });
});
