// The declaration of an interface in the sources, as text.
import { readFileSync } from 'node:fs';
import { root } from './page.js';

export interface Declaration {
  /** The name after `extends`; undefined without it. */
  readonly base: string | undefined;
  /** The lines between the braces. */
  readonly body: string;
}

/**
 * Returns an interface or an abstract class.
 *
 * @param file relative to `src/`
 */
export function declarationOf(file: string, name: string): Declaration {
  const source = readFileSync(`${root}src/${file}`, 'utf8');
  const [, base, body] = new RegExp(
    `(?:interface|abstract class) ${name} (?:extends ([^{]+) )?\\{\n(.*?)\n\\}`,
    's',
  ).exec(source)!;
  return { base, body: body! };
}
