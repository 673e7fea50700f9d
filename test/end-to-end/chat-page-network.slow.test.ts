// Tests the chat page when connections are lost, servers restart, networks become silent and answers arrive late.
import type { Browser, Page } from 'playwright-core';
import { afterEach, afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { findBrowser, launchBrowser } from '../browser.js';
import { ChatPage, serveChat, type Chat } from './chat-page.js';

const executable = findBrowser();
const protocols = ['STOMP', 'JSON'] as const;

describe.skipIf(executable === undefined)('the chat page', () => {
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

  it.each(protocols)('over %s shows the missed messages after it reconnects', async (protocol) => {
    const cat = await ChatPage.open(browser, chat, { colorScheme: 'dark' });
    const dan = await ChatPage.open(browser, chat);
    await cat.enter('Cat', protocol);
    await dan.enter('Dan', 'JSON');

    // The first message tests a room that had no messages before.
    for (const text of ['first', 'second']) {
      // Its first request waits, so that it cannot reconnect before the message is sent.
      let release = () => {};
      const released = new Promise<void>((resolve) => (release = resolve));
      await cat.page.route('**/ws/info*', (route) => released.then(() => route.continue()));
      for (const session of chat.server.sessions.ofUser('Cat')) session.close(1001, 'try again');
      await cat.showsState('Connecting');
      await dan.send(text);
      await dan.showsMessage(text);
      release();
      await cat.page.unroute('**/ws/info*');
      await cat.showsMessage(text);
      await cat.showsState('Connected');
    }
    const missed = cat.page.getByText('Reconnected. You missed 1 message:');
    expect(await missed.count()).toBe(2);
    await cat.screenshot(`back-${protocol}`);
    expect([...cat.errors, ...dan.errors]).toEqual([]);
    await Promise.all([cat.page.close(), dan.page.close()]);
  });

  it.each(protocols)('over %s continues after the server restarts', async (protocol) => {
    const fay = await ChatPage.open(browser, chat);
    await fay.enter('Fay', protocol);
    for (const text of ['first', 'second']) {
      await fay.send(text);
      await fay.showsMessage(text);
    }
    const { port } = chat;
    await chat.stop();
    await fay.showsState('Connecting');
    await fay.changeRoom('signals');
    await fay.send('while offline');
    expect(await fay.invalidField('Not connected')).toBe('text');
    expect(await fay.text.inputValue()).toBe('while offline');
    await fay.changeRoom('lobby');
    chat = await serveChat(port);
    await fay.showsState('Connected');
    expect(await fay.page.getByText('Not connected').count()).toBe(0);

    await fay.send('third');
    await fay.showsMessage('third');
    // The browser logs an error for each failed attempt to connect.
    expect(fay.errors.filter((each) => !each.includes('ERR_CONNECTION'))).toEqual([]);
    await fay.page.close();
  });

  it.each(protocols)(
    'over %s shows that the restarted server has lost the missed messages',
    async (protocol) => {
      const fay = await ChatPage.open(browser, chat);
      await fay.enter('Fay', protocol);
      await fay.send('first');
      await fay.showsMessage('first');
      const { port } = chat;
      await chat.stop();
      await fay.showsState('Connecting');
      chat = await serveChat(port);
      await fay.showsMessage('Reconnected. The server no longer has the messages that you missed.');
      await fay.showsMessage('first');
      await fay.send('second');
      await fay.showsMessage('second');
      await fay.page.close();
    },
  );

  it.each(protocols)('over %s reconnects when the network becomes silent', async (protocol) => {
    let silent = false;
    const prepare = async (page: Page) => {
      await page.clock.install();
      await page.routeWebSocket(/\/websocket$/, (client) => {
        // Only the first connection becomes silent.
        const isFirst = !silent;
        const server = client.connectToServer();
        client.onMessage((message) => (isFirst && silent) || server.send(message));
        server.onMessage((message) => (isFirst && silent) || client.send(message));
      });
    };
    const lou = await ChatPage.open(browser, chat, { prepare });
    await lou.enter('Lou', protocol);
    await lou.send('before');
    await lou.showsMessage('before');
    silent = true;
    await lou.page.clock.fastForward(25_000);
    await lou.showsState('Connecting');
    await lou.page.clock.fastForward(1_000);
    await lou.showsState('Connected');
    await lou.send('after');
    await lou.showsMessage('after');
    expect(lou.errors).toEqual([]);
    await lou.page.close();
  });

  it.each(protocols)('over %s works in a browser without WebSocket', async (protocol) => {
    const prepare = (page: Page) => page.addInitScript('delete window.WebSocket');
    const pam = await ChatPage.open(browser, chat, { prepare });
    await pam.enter('Pam', protocol);
    await pam.send('over HTTP');
    await pam.showsMessage('over HTTP');
    expect(pam.errors).toEqual([]);
    await pam.page.close();
  });

  it.each(protocols)('over %s works in a network that blocks WebSocket', async (protocol) => {
    const prepare = (page: Page) => page.routeWebSocket(/.*/, (client) => client.close());
    const quin = await ChatPage.open(browser, chat, { prepare });
    await quin.enter('Quin', protocol);
    await quin.send('over HTTP');
    await quin.showsMessage('over HTTP');
    expect(quin.errors).toEqual([]);
    await quin.page.close();
  });

  it('shows messages in order if a new message arrives before the answer with the earlier ones', async () => {
    let release = () => {};
    let onOvertaking = () => {};
    const overtaken = new Promise<void>((resolve) => (onOvertaking = resolve));
    const prepare = (page: Page) =>
      page.routeWebSocket(/\/websocket$/, (client) => {
        const server = client.connectToServer();
        server.onMessage((message) => {
          if (String(message).includes('/recent')) {
            release = () => client.send(message);
            return;
          }
          client.send(message);
          if (String(message).includes('overtaking')) onOvertaking();
        });
      });
    const ned = await ChatPage.open(browser, chat);
    await ned.enter('Ned', 'STOMP');
    await ned.send('before');
    await ned.showsMessage('before');
    const ola = await ChatPage.open(browser, chat, { prepare });
    await ola.enter('Ola', 'JSON');
    await ned.showsPerson('Ola');
    await ned.send('overtaking');
    await overtaken;
    release();
    await ola.showsMessage('overtaking');
    const words = ola.page.getByRole('log').locator('.words');
    expect(await words.allTextContents()).toEqual(['before', 'overtaking']);
    await Promise.all([ned.page.close(), ola.page.close()]);
  });
});
