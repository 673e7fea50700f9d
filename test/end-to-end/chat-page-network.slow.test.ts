// The chat's page when connections are lost, servers begin anew, networks fall silent and answers come late.
import type { Browser, Page } from 'playwright-core';
import { afterEach, afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { findBrowser, launchBrowser } from '../browser.js';
import { ChatPage, serveChat, type Chat } from './chat-page.js';

const executable = findBrowser();
const protocols = ['STOMP', 'JSON'] as const;

describe.skipIf(executable === undefined)('the page of the chat', () => {
  let browser: Browser;
  let chat: Chat;

  beforeAll(async () => {
    browser = await launchBrowser(executable!);
  }, 60_000);
  beforeEach(async () => {
    chat = await serveChat();
  });
  afterEach(() => chat.stop());
  afterAll(() => browser.close());

  it.each(protocols)('over %s tells what was missed', async (protocol) => {
    const prepare = (page: Page) => page.clock.install();
    const cat = await ChatPage.open(browser, chat, { colorScheme: 'dark', prepare });
    const dan = await ChatPage.open(browser, chat);
    await cat.enter('Cat', protocol);
    await dan.enter('Dan', 'JSON');

    // A room that was silent until now has something to miss as well.
    for (const text of ['first', 'second']) {
      // Its clock stands still, so that it cannot be back before something was said.
      await cat.page.clock.pauseAt(((await cat.page.evaluate('Date.now()')) as number) + 1000);
      for (const session of chat.server.sessions.ofUser('Cat')) session.close(1001, 'try again');
      await cat.state('Connecting');
      await dan.say(text);
      await dan.heard(text);
      await cat.page.clock.resume();
      await cat.heard(text);
      await cat.state('Connected');
    }
    const missed = cat.page.getByText('You are back; 1 message meanwhile:');
    expect(await missed.count()).toBe(2);
    await cat.screenshot(`back-${protocol}`);
    expect([...cat.complaints, ...dan.complaints]).toEqual([]);
    await Promise.all([cat.page.close(), dan.page.close()]);
  });

  it.each(protocols)('over %s goes on with a server that began anew', async (protocol) => {
    const fay = await ChatPage.open(browser, chat);
    await fay.enter('Fay', protocol);
    for (const text of ['first', 'second']) {
      await fay.say(text);
      await fay.heard(text);
    }
    const { port } = chat;
    await chat.stop();
    await fay.state('Connecting');
    await fay.changeRoom('signals');
    await fay.say('to nobody');
    expect(await fay.wrong('Not connected')).toBe('text');
    expect(await fay.text.inputValue()).toBe('to nobody');
    await fay.changeRoom('lobby');
    chat = await serveChat(port);
    await fay.state('Connected');
    expect(await fay.page.getByText('Not connected').count()).toBe(0);

    await fay.say('third');
    await fay.heard('third');
    // A browser complains of every attempt that finds nobody.
    expect(fay.complaints.filter((each) => !each.includes('ERR_CONNECTION'))).toEqual([]);
    await fay.page.close();
  });

  it.each(protocols)(
    'over %s says that a server that began anew has forgotten',
    async (protocol) => {
      const fay = await ChatPage.open(browser, chat);
      await fay.enter('Fay', protocol);
      await fay.say('first');
      await fay.heard('first');
      const { port } = chat;
      await chat.stop();
      await fay.state('Connecting');
      chat = await serveChat(port);
      await fay.heard('You are back; what was said meanwhile is not known any more.');
      await fay.heard('first');
      await fay.say('second');
      await fay.heard('second');
      await fay.page.close();
    },
  );

  it.each(protocols)('over %s notices a network that fell silent', async (protocol) => {
    let silent = false;
    const prepare = async (page: Page) => {
      await page.clock.install();
      await page.routeWebSocket(/\/ws$/, (client) => {
        // Of two connections the first falls silent.
        const isFirst = !silent;
        const server = client.connectToServer();
        client.onMessage((message) => (isFirst && silent) || server.send(message));
        server.onMessage((message) => (isFirst && silent) || client.send(message));
      });
    };
    const lou = await ChatPage.open(browser, chat, { prepare });
    await lou.enter('Lou', protocol);
    await lou.say('before');
    await lou.heard('before');
    silent = true;
    await lou.page.clock.fastForward(25_000);
    await lou.state('Connecting');
    await lou.page.clock.fastForward(1_000);
    await lou.state('Connected');
    await lou.say('after');
    await lou.heard('after');
    expect(lou.complaints).toEqual([]);
    await lou.page.close();
  });

  it('keeps the order when words overtake the answer of what was said before', async () => {
    let release = () => {};
    let overtaken = () => {};
    const late = new Promise<void>((resolve) => (overtaken = resolve));
    const prepare = (page: Page) =>
      page.routeWebSocket(/\/ws$/, (client) => {
        const server = client.connectToServer();
        server.onMessage((message) => {
          if (String(message).includes('/recent')) {
            release = () => client.send(message);
            return;
          }
          client.send(message);
          if (String(message).includes('overtaking')) overtaken();
        });
      });
    const ned = await ChatPage.open(browser, chat);
    await ned.enter('Ned', 'STOMP');
    await ned.say('before');
    await ned.heard('before');
    const ola = await ChatPage.open(browser, chat, { prepare });
    await ola.enter('Ola', 'JSON');
    await ned.here('Ola');
    await ned.say('overtaking');
    await late;
    release();
    await ola.heard('overtaking');
    const words = ola.page.getByRole('log').locator('.words');
    expect(await words.allTextContents()).toEqual(['before', 'overtaking']);
    await Promise.all([ned.page.close(), ola.page.close()]);
  });
});
