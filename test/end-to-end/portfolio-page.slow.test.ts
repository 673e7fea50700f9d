// Tests the pages of the portfolio in a browser: login, prices, positions, trades and logout.
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { mount } from '../../examples/portfolio/portfolio.server.js';
import { findBrowser, launchBrowser } from '../browser.js';
import { isTooWide, recordErrors, startExample, type RunningExample } from './example-page.js';

const executable = findBrowser();
const screenshots = process.env['SCREENSHOTS'];

describe.skipIf(executable === undefined)('the portfolio', () => {
  let browser: Browser;
  let example: RunningExample;
  let address: string;
  const complaints: string[] = [];

  beforeAll(async () => {
    browser = await launchBrowser(executable!);
  }, 60_000);
  afterAll(() => browser.close());

  // Each test has a separate server, because trades change the positions.
  beforeEach(async () => {
    complaints.length = 0;
    example = await startExample(mount);
    address = `http://127.0.0.1:${example.port}`;
  });
  afterEach(() => example.stop());

  /** A browser with separate cookies. */
  const browserOf = (width: number, colorScheme: 'light' | 'dark') =>
    browser.newContext({ viewport: { width, height: 800 }, colorScheme });

  async function open(context: BrowserContext, path = '/'): Promise<Page> {
    const page = await context.newPage();
    recordErrors(page, complaints);
    await page.goto(`${address}${path}`);
    return page;
  }

  async function logIn(page: Page, name: string, password: string): Promise<void> {
    await page.getByLabel('User name').fill(name);
    await page.getByLabel('Password').fill(password);
    await page.keyboard.press('Enter');
  }

  const showsState = (page: Page, text: string) =>
    page.getByRole('status').filter({ hasText: text }).waitFor();

  /** Waits until the position has this number of shares. */
  const showsShares = (page: Page, ticker: string, shares: string) =>
    page
      .getByRole('row')
      .filter({ has: page.getByRole('cell', { name: ticker, exact: true }) })
      .filter({ has: page.getByRole('cell', { name: shares, exact: true }) })
      .waitFor();

  async function trade(page: Page, action: string, ticker: string, shares: string): Promise<void> {
    await page.getByLabel('Action').selectOption(action);
    await page.getByLabel('Ticker').selectOption(ticker);
    await page.getByLabel('Shares').fill(shares);
    await page.keyboard.press('Enter');
  }

  it('shows the login page first, and why a login has failed', async () => {
    const context = await browserOf(1000, 'light');
    const page = await open(context);
    await logIn(page, 'fabrice', 'wrong');
    await showsState(page, 'The user name or the password is wrong.');
    if (screenshots !== undefined)
      await page.screenshot({ path: `${screenshots}/portfolio-login.png` });
    await logIn(page, 'fabrice', 'fab123');
    await showsState(page, 'fabrice');
    expect(complaints).toEqual([]);
    await context.close();
  });

  it('shows prices as charts, and trades in all windows of the user', async () => {
    const [deskBrowser, phoneBrowser] = [
      await browserOf(1000, 'light'),
      await browserOf(390, 'dark'),
    ];
    const [desk, phone] = [await open(deskBrowser), await open(phoneBrowser)];
    for (const page of [desk, phone]) {
      await logIn(page, 'fabrice', 'fab123');
      await showsShares(page, 'MSFT', '33');
    }
    await trade(desk, 'Buy', 'MSFT', '7');
    for (const page of [desk, phone]) {
      await page.getByText('You now own 40 shares of MSFT.').waitFor();
      await showsShares(page, 'MSFT', '40');
    }
    // A line needs two points.
    await desk.locator('#price-GOOG polyline[points*=" "]').waitFor();
    expect(await desk.locator('#prices li').count()).toBe(8);
    expect(await isTooWide(phone)).toBe(false);
    if (screenshots !== undefined) {
      await desk.screenshot({ path: `${screenshots}/portfolio-desk.png`, fullPage: true });
      await phone.screenshot({ path: `${screenshots}/portfolio-phone.png`, fullPage: true });
    }
    expect(complaints).toEqual([]);
    await Promise.all([deskBrowser.close(), phoneBrowser.close()]);
  });

  it('shows why a trade is refused', async () => {
    const context = await browserOf(1000, 'light');
    const page = await open(context);
    await logIn(page, 'paulson', 'bond');
    await showsShares(page, 'GOOG', '5');
    const alert = page.getByRole('alert');
    await trade(page, 'Sell', 'GOOG', '6');
    await alert.filter({ hasText: 'Rejected trade (Sell 6 GOOG): You own 5 shares.' }).waitFor();
    await trade(page, 'Buy', 'GOOG', 'some');
    await alert.filter({ hasText: 'shares must be a whole number' }).waitFor();
    await trade(page, 'Buy', 'GOOG', '1');
    await showsShares(page, 'GOOG', '6');
    expect(await page.locator('#problem').textContent()).toBe('');
    expect(complaints).toEqual([]);
    await context.close();
  });

  it('works in a browser without WebSocket', async () => {
    const context = await browserOf(1000, 'light');
    await context.addInitScript('delete window.WebSocket');
    const page = await open(context);
    await logIn(page, 'fabrice', 'fab123');
    await trade(page, 'Sell', 'DELL', '50');
    await showsShares(page, 'DELL', '0');
    expect(complaints).toEqual([]);
    await context.close();
  });

  it('shows the login page in all windows of a browser that logs out', async () => {
    const context = await browserOf(1000, 'light');
    const page = await open(context);
    await logIn(page, 'fabrice', 'fab123');
    await showsState(page, 'fabrice');
    const second = await open(context);
    await showsState(second, 'fabrice');
    await page.getByRole('link', { name: 'Sign out' }).click();
    await showsState(page, 'You have signed out.');
    await second.getByLabel('Password').waitFor();
    await page.goto(`${address}/index.html`);
    await page.getByLabel('Password').waitFor();
    await context.close();
  });
});
