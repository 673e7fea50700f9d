// The chat's page in two windows of a real browser: one speaks STOMP, the other JSON.
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findBrowser, launchBrowser } from '../browser.js';
import { ChatPage, serveChat, type Chat } from './chat-page.js';

const executable = findBrowser();
const protocols = ['STOMP', 'JSON'] as const;

describe.skipIf(executable === undefined)('the page of the chat', () => {
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

  it('carries a talk between both protocols', async () => {
    const desk = await ChatPage.open(browser, chat);
    const phone = await ChatPage.open(browser, chat, { width: 390, colorScheme: 'dark' });
    await desk.screenshot('enter');
    await desk.enter('Ann', 'STOMP');
    await desk.say('Is anybody <b>here</b>?');
    await desk.heard('Is anybody <b>here</b>?');
    await phone.enter('Bob', 'JSON');
    await phone.heard('Is anybody <b>here</b>?');
    await desk.here('Bob');

    await phone.text.pressSequentially('I a');
    await desk.page.getByText('Bob is typing …').waitFor();
    await phone.say('I am.');
    await desk.heard('I am.');
    expect(await phone.text.inputValue()).toBe('');

    await desk.to.selectOption('Bob');
    await desk.say('Between us');
    await phone.heard('Between us');
    await phone.page.getByText('Ann to Bob alone').waitFor();

    await phone.say('   ');
    expect(await phone.wrong('Say something.')).toBe('text');

    // As text: the browser's names are not those of Node.
    const tooWide = 'document.documentElement.scrollWidth > innerWidth';
    expect(await phone.page.evaluate(tooWide)).toBe(false);
    await desk.screenshot('desk');
    await phone.screenshot('phone');
    expect([...desk.complaints, ...phone.complaints]).toEqual([]);
    await Promise.all([desk.page.close(), phone.page.close()]);
  });

  it('keeps the end in sight of who reads there, and the place of who does not', async () => {
    const mia = await ChatPage.open(browser, chat, { width: 390 });
    await mia.enter('Mia', 'JSON');
    await mia.changeRoom('workshop');
    for (let n = 1; n <= 20; n++) {
      await mia.say(`line ${n}`);
      await mia.heard(`line ${n}`);
    }
    const atEnd = `(() => {
      const log = document.querySelector('[role=log]');
      return log.scrollTop > 0 && log.scrollHeight - log.scrollTop - log.clientHeight < 2;
    })()`;
    await mia.page.waitForFunction(atEnd);
    await mia.say('   ');
    await mia.wrong('Say something.');
    await mia.page.waitForFunction(atEnd);
    await mia.page.setViewportSize({ width: 390, height: 420 });
    await mia.page.waitForFunction(atEnd);

    await mia.page.getByText('line 2', { exact: true }).scrollIntoViewIfNeeded();
    await mia.say('line 21');
    await mia.heard('line 21');
    expect(await mia.page.evaluate(atEnd)).toBe(false);
    expect(mia.complaints).toEqual([]);
    await mia.page.close();
  });

  it('changes rooms', async () => {
    const eve = await ChatPage.open(browser, chat);
    await eve.enter('Eve', 'JSON');
    await eve.changeRoom('signals');
    await eve.say('only here');
    await eve.heard('only here');
    await eve.changeRoom('lobby');
    expect(await eve.page.getByText('only here').count()).toBe(0);
    await eve.changeRoom('signals');
    await eve.heard('only here');
    expect(eve.complaints).toEqual([]);
    await eve.page.close();
  });

  it('never says aloud what was meant for somebody who left', async () => {
    const [gil, hal] = [await ChatPage.open(browser, chat), await ChatPage.open(browser, chat)];
    await gil.enter('Gil', 'JSON');
    await hal.enter('Hal', 'STOMP');
    await gil.to.selectOption('Hal');
    await hal.page.close();
    await gil.here('Hal', 'detached');

    await gil.say('For you alone');
    expect(await gil.wrong('Nobody of this name is here now.')).toBe('to');
    expect(await gil.text.inputValue()).toBe('For you alone');
    expect(await gil.page.getByText('For you alone').count()).toBe(0);
    await gil.screenshot('gone');
    await gil.page.close();
  });

  it.each(protocols)('over %s says at its field that a name is refused', async (protocol) => {
    const page = await ChatPage.open(browser, chat);
    await page.name.fill('<Ivy>');
    await page.page.getByLabel(protocol).check();
    await page.page.getByRole('button', { name: 'Enter' }).click();
    expect(await page.wrong('This name cannot be used.')).toBe('name');
    expect(await page.page.locator(':focus').getAttribute('name')).toBe('name');
    await page.screenshot(`refused-${protocol}`);
    await page.name.fill('Ivy');
    await page.page.keyboard.press('Enter');
    await page.state(`Connected over ${protocol}`);
    await page.page.close();
  });

  it.each(protocols)('over %s stays away after leaving', async (protocol) => {
    const page = await ChatPage.open(browser, chat);
    await page.enter('Joe', protocol);
    for (const session of chat.server.sessions.ofUser('Joe')) session.close(1001);
    await page.state('Connecting');
    await page.page.getByRole('button', { name: 'Leave' }).click();
    await page.state('Not connected');
    await page.name.fill('Kay');
    await page.page.keyboard.press('Enter');
    await page.state(`Connected over ${protocol}`);
    await page.say(`alone over ${protocol}`);
    await page.heard(`alone over ${protocol}`);
    expect([...chat.server.sessions.ofUser('Joe')]).toEqual([]);
    expect(page.complaints).toEqual([]);
    await page.page.close();
  });
});
