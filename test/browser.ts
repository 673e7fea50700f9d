// The headless Chromium of tests that need a page.
import { spawnSync } from 'node:child_process';
import { chromium, type Browser } from 'playwright-core';
import { reportMissing } from './missing.js';

/** Returns the path of the browser; undefined when this machine has none. */
export function findBrowser(): string | undefined {
  for (const name of ['chromium', 'chromium-browser', 'google-chrome']) {
    const { status, stdout } = spawnSync('which', [name], { encoding: 'utf8' });
    if (status === 0) return stdout.trim();
  }
  return reportMissing('Chromium is missing. Install the package chromium to run tests of pages.');
}

export function launchBrowser(executablePath: string): Promise<Browser> {
  const quiet = ['background-networking', 'component-update', 'sync'];
  const disabled = ['gpu', 'quic', ...quiet].map((feature) => `--disable-${feature}`);
  return chromium.launch({ executablePath, args: ['--no-sandbox', '--no-first-run', ...disabled] });
}
