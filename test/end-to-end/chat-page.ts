// Helpers that start the chat example and operate its page in a browser.
import type { Browser, Page } from 'playwright-core';
import { mount } from '../../examples/chat/chat.server.js';
import { recordErrors, startExample, type RunningExample } from './example-page.js';

export type Protocol = 'STOMP' | 'JSON';

export type Chat = RunningExample;

export const serveChat = (at?: number): Promise<Chat> => startExample(mount, at);

interface PageOptions {
  readonly width?: number;
  readonly colorScheme?: 'light' | 'dark';
  /** Runs before the page is loaded. */
  readonly prepare?: (page: Page) => Promise<unknown>;
}

const screenshots = process.env['SCREENSHOTS'];

/** A window of the chat. */
export class ChatPage {
  /** Errors on the console and uncaught exceptions of the page. */
  readonly errors: readonly string[] = recordErrors(this.page);
  readonly name = this.page.getByLabel('Your name');
  readonly text = this.page.getByLabel('Message', { exact: true });
  readonly to = this.page.getByLabel('To', { exact: true });

  private constructor(readonly page: Page) {}

  static async open(
    browser: Browser,
    { port }: Chat,
    { width = 1000, colorScheme = 'light', prepare }: PageOptions = {},
  ): Promise<ChatPage> {
    const page = await browser.newPage({ viewport: { width, height: 800 }, colorScheme });
    const chat = new ChatPage(page);
    await prepare?.(page);
    await page.goto(`http://127.0.0.1:${port}/`);
    return chat;
  }

  /** Enters the chat with the keyboard only, which tests that no step needs a mouse. */
  async enter(name: string, protocol: Protocol): Promise<void> {
    await this.name.focus();
    await this.page.keyboard.type(name);
    await this.page.keyboard.press('Tab');
    if (protocol === 'JSON') await this.page.keyboard.press('ArrowDown');
    await this.page.keyboard.press('Enter');
    await this.showsState(`Connected over ${protocol}`);
  }

  async send(text: string): Promise<void> {
    await this.text.fill(text);
    await this.page.keyboard.press('Enter');
  }

  /** Waits until the log shows the text. */
  showsMessage(text: string): Promise<void> {
    return this.page.getByRole('log').getByText(text, { exact: true }).waitFor();
  }

  showsState(words: string): Promise<void> {
    return this.page.getByRole('status').filter({ hasText: words }).waitFor();
  }

  /** Waits for the error message, and returns the name of the invalid field. */
  async invalidField(words: string): Promise<string | null> {
    await this.page.getByRole('alert').filter({ hasText: words }).waitFor();
    return this.page.locator('[aria-invalid=true]').getAttribute('name');
  }

  /** Waits until the list of people contains the name, or no longer contains it. */
  showsPerson(name: string, state: 'visible' | 'detached' = 'visible'): Promise<void> {
    const person = this.page.getByRole('listitem').filter({ hasText: new RegExp(`^${name}$`) });
    return person.waitFor({ state });
  }

  async changeRoom(room: string): Promise<void> {
    await this.page.getByRole('button', { name: `#${room}` }).click();
    await this.page.getByRole('heading', { name: `#${room}` }).waitFor();
  }

  /** Saves a screenshot if the environment variable SCREENSHOTS names a folder. */
  async screenshot(name: string): Promise<void> {
    if (screenshots !== undefined)
      await this.page.screenshot({ path: `${screenshots}/chat-${name}.png` });
  }
}
