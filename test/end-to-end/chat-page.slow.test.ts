// Tests the chat page in two windows of a browser: one uses STOMP, the other JSON.
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findBrowser, launchBrowser } from '../browser.js';
import { ChatPage, serveChat, type Chat } from './chat-page.js';
import { isTooWide } from './example-page.js';

const executable = findBrowser();
const protocols = ['STOMP', 'JSON'] as const;

describe.skipIf(executable === undefined)('the chat page', () => {
  let browser: Browser;
  let chat: Chat;

  beforeAll(async () => {
    browser = await launchBrowser(executable!);
    chat = await serveChat();
  }, 60_000);

  afterAll(async () => {
    await browser.close();
    await chat.stop();
  });

  it('passes messages between both protocols', async () => {
    const desk = await ChatPage.open(browser, chat);
    const phone = await ChatPage.open(browser, chat, { width: 390, colorScheme: 'dark' });
    await desk.screenshot('enter');
    await desk.enter('Ann', 'STOMP');
    await desk.send('Is anyone <b>here</b>?');
    await desk.showsMessage('Is anyone <b>here</b>?');
    await phone.enter('Bob', 'JSON');
    await phone.showsMessage('Is anyone <b>here</b>?');
    await desk.showsPerson('Bob');

    await phone.text.pressSequentially('I a');
    await desk.page.getByText('Bob is typing …').waitFor();
    await phone.send('I am.');
    await desk.showsMessage('I am.');
    expect(await phone.text.inputValue()).toBe('');

    await desk.to.selectOption('Bob');
    await desk.send('Between us');
    await phone.showsMessage('Between us');
    await phone.page.getByText('Ann to Bob (private)').waitFor();

    await phone.send('   ');
    expect(await phone.invalidField('Enter a message.')).toBe('text');

    expect(await isTooWide(phone.page)).toBe(false);
    await desk.screenshot('desk');
    await phone.screenshot('phone');
    expect([...desk.errors, ...phone.errors]).toEqual([]);
    await Promise.all([desk.page.close(), phone.page.close()]);
  });

  it('scrolls with new messages only if the reader is at the end', async () => {
    const mia = await ChatPage.open(browser, chat, { width: 390 });
    await mia.enter('Mia', 'JSON');
    await mia.changeRoom('workshop');
    for (let n = 1; n <= 20; n++) {
      await mia.send(`line ${n}`);
      await mia.showsMessage(`line ${n}`);
    }
    const atEnd = `(() => {
      const log = document.querySelector('[role=log]');
      return log.scrollTop > 0 && log.scrollHeight - log.scrollTop - log.clientHeight < 2;
    })()`;
    await mia.page.waitForFunction(atEnd);
    await mia.send('   ');
    await mia.invalidField('Enter a message.');
    await mia.page.waitForFunction(atEnd);
    await mia.page.setViewportSize({ width: 390, height: 420 });
    await mia.page.waitForFunction(atEnd);

    await mia.page.getByText('line 2', { exact: true }).scrollIntoViewIfNeeded();
    await mia.send('line 21');
    await mia.showsMessage('line 21');
    expect(await mia.page.evaluate(atEnd)).toBe(false);
    expect(mia.errors).toEqual([]);
    await mia.page.close();
  });

  it('changes rooms', async () => {
    const eve = await ChatPage.open(browser, chat);
    await eve.enter('Eve', 'JSON');
    await eve.changeRoom('signals');
    await eve.send('only here');
    await eve.showsMessage('only here');
    await eve.changeRoom('lobby');
    expect(await eve.page.getByText('only here').count()).toBe(0);
    await eve.changeRoom('signals');
    await eve.showsMessage('only here');
    expect(eve.errors).toEqual([]);
    await eve.page.close();
  });

  it('does not publish a private message if its recipient has left', async () => {
    const [gil, hal] = [await ChatPage.open(browser, chat), await ChatPage.open(browser, chat)];
    await gil.enter('Gil', 'JSON');
    await hal.enter('Hal', 'STOMP');
    await gil.to.selectOption('Hal');
    await hal.page.close();
    await gil.showsPerson('Hal', 'detached');

    await gil.send('For you alone');
    expect(await gil.invalidField('This person is not online.')).toBe('to');
    expect(await gil.text.inputValue()).toBe('For you alone');
    expect(await gil.page.getByText('For you alone').count()).toBe(0);
    await gil.screenshot('gone');
    await gil.page.close();
  });

  it('shows names of recipients completely', async () => {
    const ann = await ChatPage.open(browser, chat, { width: 1280 });
    const bob = await ChatPage.open(browser, chat);
    await ann.enter('Ann', 'JSON');
    await bob.enter('Bartholomew Cubbins.', 'JSON');
    await ann.showsPerson('Bartholomew Cubbins.');
    await ann.to.selectOption('Bartholomew Cubbins.');
    // A string, because the types of Node do not include those of the browser.
    const measure = `(() => {
      const select = document.querySelector('#to');
      const shown = select.offsetWidth;
      select.style.width = 'max-content';
      return { shown, needed: select.offsetWidth };
    })()`;
    const { shown, needed } = await ann.page.evaluate<{ shown: number; needed: number }>(measure);
    expect(shown).toBeGreaterThanOrEqual(needed);
    await Promise.all([ann.page.close(), bob.page.close()]);
  });

  it.each([
    ['', 'Enter a name.'],
    ['<Ivy>', 'A name cannot contain <'],
    ['-Ivy', 'A name begins with a letter or a digit.'],
  ])('shows at the name field why the name %j is not allowed', async (name, reason) => {
    const page = await ChatPage.open(browser, chat);
    await page.name.fill(name);
    await page.page.keyboard.press('Enter');
    expect(await page.invalidField(reason)).toBe('name');
    await page.page.close();
  });

  it.each(protocols)(
    'over %s shows at the name field that the server refuses the name',
    async (protocol) => {
      // The page allows all names, so that the server has to refuse them.
      const prepare = (page: Page) =>
        page.route('**/name.js', (route) =>
          route.fulfill({
            contentType: 'text/javascript',
            body: 'export const problemOfName = () => undefined;',
          }),
        );
      const page = await ChatPage.open(browser, chat, { prepare });
      await page.name.fill('<Ivy>');
      await page.page.getByLabel(protocol).check();
      await page.page.getByRole('button', { name: 'Enter' }).click();
      expect(await page.invalidField('The server refused this name.')).toBe('name');
      expect(await page.page.locator(':focus').getAttribute('name')).toBe('name');
      await page.screenshot(`refused-${protocol}`);
      await page.name.fill('Ivy');
      await page.page.keyboard.press('Enter');
      await page.showsState(`Connected over ${protocol}`);
      await page.page.close();
    },
  );

  it.each(protocols)('over %s does not reconnect after leaving', async (protocol) => {
    const page = await ChatPage.open(browser, chat);
    await page.enter('Joe', protocol);
    for (const session of chat.server.sessions.ofUser('Joe')) session.close(1001);
    await page.showsState('Connecting');
    await page.page.getByRole('button', { name: 'Leave' }).click();
    await page.showsState('Not connected');
    await page.name.fill('Kay');
    await page.page.keyboard.press('Enter');
    await page.showsState(`Connected over ${protocol}`);
    await page.send(`alone over ${protocol}`);
    await page.showsMessage(`alone over ${protocol}`);
    expect([...chat.server.sessions.ofUser('Joe')]).toEqual([]);
    expect(page.errors).toEqual([]);
    await page.page.close();
  });
});
