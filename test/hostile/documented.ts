// What the documentation says that a client hears: by the table of codes, and by whether its session survives problems.
import { errorTable } from '../../src/index.js';
import type { Answer } from './row.js';

/** A receipt, that a client is in, or what was wrong. */
export interface Heard {
  readonly code?: string | undefined;
  readonly text?: string | undefined;
  readonly receipt?: string | undefined;
  readonly fields?: readonly string[] | undefined;
  readonly connected?: readonly number[] | undefined;
  /** Whether it says that the session is over. */
  readonly fatal?: boolean | undefined;
}

/** In any order: a problem of no frame may come before the receipt. */
export function documented(answer: Answer, survives: boolean): readonly Heard[] {
  const { code, text, receipt, fields, connected, beside } = answer;
  if (code !== undefined) {
    const fatal = !survives || 'closes' in errorTable[code];
    return [{ code, text: text ?? errorTable[code].text, receipt, fields, fatal }];
  }
  const heard: Heard[] = [];
  if (connected !== undefined) heard.push({ connected });
  if (receipt !== undefined) heard.push({ receipt });
  if (beside !== undefined && survives)
    heard.push({ code: beside, text: errorTable[beside].text, fatal: false });
  return heard;
}

/** The close code; undefined where the session lives on. */
export function documentedEnd({ code, closes }: Answer, survives: boolean): number | undefined {
  if (code === undefined || closes !== undefined) return closes;
  const own = (errorTable[code] as { closes?: number }).closes;
  return own ?? (survives ? undefined : 1002);
}
