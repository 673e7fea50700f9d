// Tests the page of the greeting in two windows of a browser.
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mount } from '../../examples/greeting/greeting.server.js';
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
    expect(await isTooWide(phone)).toBe(false);
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
    await example.stop();
    await page.getByRole('status').filter({ hasText: 'Reconnecting' }).waitFor();
    example = await startExample(mount, example.port);
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
