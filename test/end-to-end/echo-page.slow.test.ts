// Tests the page of the echo in a browser: each transport returns the text.
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mount } from '../../examples/echo/echo.server.js';
import { findBrowser, launchBrowser } from '../browser.js';
import { isTooWide, recordErrors, startExample, type RunningExample } from './example-page.js';

const executable = findBrowser();
const screenshots = process.env['SCREENSHOTS'];

describe.skipIf(executable === undefined)('the page', () => {
  let browser: Browser;
  let example: RunningExample;
  const complaints: string[] = [];

  beforeAll(async () => {
    browser = await launchBrowser(executable!);
    example = await startExample(mount);
  }, 60_000);

  afterAll(async () => {
    await browser.close();
    await example.stop();
  });

  async function open(width: number, colorScheme: 'light' | 'dark', script = ''): Promise<Page> {
    const page = await browser.newPage({ viewport: { width, height: 800 }, colorScheme });
    recordErrors(page, complaints);
    await page.addInitScript(script);
    await page.goto(`http://127.0.0.1:${example.port}/`);
    return page;
  }

  const summary = (page: Page, text: string) =>
    page.getByRole('status').filter({ hasText: text }).waitFor();

  it('shows the echo of each transport, also in two windows, and shows markup as text', async () => {
    const [desk, phone] = await Promise.all([open(1000, 'light'), open(390, 'dark')]);
    for (const page of [desk, phone]) await summary(page, '11 of 11 transports work.');
    await desk.getByLabel('Text').fill('<b>hi</b> \u{1f44b}');
    await desk.keyboard.press('Enter');
    await summary(desk, 'Trying');
    await summary(desk, '11 of 11 transports work.');
    const echoes = await desk.locator('.received').allTextContents();
    expect(echoes).toEqual(Array<string>(11).fill('<b>hi</b> \u{1f44b}'));
    expect(await isTooWide(phone)).toBe(false);
    if (screenshots !== undefined) {
      await desk.screenshot({ path: `${screenshots}/echo-desk.png`, fullPage: true });
      await phone.screenshot({ path: `${screenshots}/echo-phone.png`, fullPage: true });
    }
    expect(complaints).toEqual([]);
    await Promise.all([desk.close(), phone.close()]);
  });

  it('names the transports that a browser without WebSocket cannot use', async () => {
    const page = await open(1000, 'light', 'delete window.WebSocket');
    await summary(page, '9 of 11 transports work.');
    for (const name of ['WebSocket', 'SockJS websocket']) {
      const item = page
        .getByRole('listitem')
        .filter({ has: page.getByRole('heading', { name, exact: true }) });
      expect(await item.textContent()).toContain('Not available: ');
    }
    expect(complaints).toEqual([]);
    await page.close();
  });
});
