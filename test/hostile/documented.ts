// What the documentation says that a client hears: by the table of codes, and by whether its session survives problems.
import { errorCodes } from '../../src/index.js';
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
    const fatal = documentedEnd(answer, survives) !== undefined;
    return [{ code, text: text ?? errorCodes[code].text, receipt, fields, fatal }];
  }
  const heard: Heard[] = [];
  if (connected !== undefined) heard.push({ connected });
  if (receipt !== undefined) heard.push({ receipt });
  if (beside !== undefined && survives)
    heard.push({ code: beside, text: errorCodes[beside].text, fatal: false });
  return heard;
}

/** How a connection ended. */
export interface End {
  readonly code: number;
  readonly reason: string;
}

/** Undefined where the session lives on. */
export function documentedEnd(answer: Answer, survives: boolean): End | undefined {
  const { code, closes, understood } = answer;
  if (closes === 'as it said') return { code: 1000, reason: '' };
  const reason = code ?? closes;
  if (reason === undefined) return undefined;
  const own = (errorCodes[reason] as { closes?: number }).closes;
  if (survives && (own === undefined || understood === true)) return undefined;
  return { code: own ?? 1002, reason };
}
