// The chat, and its page as a person uses it.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Browser, Page } from 'playwright-core';
import type { Server } from 'signalbox';
import { mount } from '../../examples/chat/chat.server.js';

export type Protocol = 'STOMP' | 'JSON';

export interface Chat {
  readonly server: Server;
  readonly port: number;
  stop(): Promise<void>;
}

export async function serveChat(at = 0): Promise<Chat> {
  const http = createServer();
  const server = await mount(http, '/');
  await once(http.listen(at, '127.0.0.1'), 'listening');
  return {
    server,
    port: (http.address() as AddressInfo).port,
    async stop() {
      await server.close();
      http.closeAllConnections();
      http.close();
      await once(http, 'close');
    },
  };
}

interface Look {
  readonly width?: number;
  readonly colorScheme?: 'light' | 'dark';
  /** Before the page is loaded. */
  readonly prepare?: (page: Page) => Promise<unknown>;
}

const screenshots = process.env['SCREENSHOTS'];

/** A window of the chat. */
export class ChatPage {
  /** What the browser complained of. */
  readonly complaints: string[] = [];

  private constructor(readonly page: Page) {
    page.on('console', (message) => {
      if (message.type() === 'error') this.complaints.push(message.text());
    });
    page.on('pageerror', (error) => void this.complaints.push(error.message));
  }

  static async open(browser: Browser, { port }: Chat, look: Look = {}): Promise<ChatPage> {
    const { width = 1000, colorScheme = 'light', prepare } = look;
    const page = await browser.newPage({ viewport: { width, height: 800 }, colorScheme });
    const chat = new ChatPage(page);
    await prepare?.(page);
    await page.goto(`http://127.0.0.1:${port}/`);
    return chat;
  }

  get name() {
    return this.page.getByLabel('Your name');
  }

  get text() {
    return this.page.getByLabel('What you say');
  }

  get to() {
    return this.page.getByLabel('To', { exact: true });
  }

  /** By keyboard alone, as every step of it can be done. */
  async enter(name: string, protocol: Protocol): Promise<void> {
    await this.name.focus();
    await this.page.keyboard.type(name);
    await this.page.keyboard.press('Tab');
    if (protocol === 'JSON') await this.page.keyboard.press('ArrowDown');
    await this.page.keyboard.press('Enter');
    await this.state(`Connected over ${protocol}`);
  }

  async say(text: string): Promise<void> {
    await this.text.fill(text);
    await this.page.keyboard.press('Enter');
  }

  heard(text: string): Promise<void> {
    return this.page.getByRole('log').getByText(text, { exact: true }).waitFor();
  }

  state(words: string): Promise<void> {
    return this.page.getByRole('status').filter({ hasText: words }).waitFor();
  }

  /** What is wrong is said, and which field it is about. */
  async wrong(words: string): Promise<string | null> {
    await this.page.getByRole('alert').filter({ hasText: words }).waitFor();
    return this.page.locator('[aria-invalid=true]').getAttribute('name');
  }

  here(name: string, state: 'visible' | 'detached' = 'visible'): Promise<void> {
    const person = this.page.getByRole('listitem').filter({ hasText: new RegExp(`^${name}$`) });
    return person.waitFor({ state });
  }

  async changeRoom(room: string): Promise<void> {
    await this.page.getByRole('button', { name: `#${room}` }).click();
    await this.page.getByRole('heading', { name: `#${room}` }).waitFor();
  }

  /** Where the environment names a folder in SCREENSHOTS. */
  async screenshot(name: string): Promise<void> {
    if (screenshots !== undefined)
      await this.page.screenshot({ path: `${screenshots}/chat-${name}.png` });
  }
}
