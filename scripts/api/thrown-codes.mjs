// Finds the error codes that public functions and methods throw.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

// TypeScript 7 exports no parser; the version that API Extractor contains does.
const ts = createRequire(import.meta.resolve('@microsoft/api-extractor'))('typescript');

/**
 * Reads the codes of each `throw new MessagingError('code')` in the source of a function or class. A throw in a nested function does
 * not count, because it may run later or be caught.
 *
 * @param {string} project the folder of the package
 * @param {Record<string, any>} declaration from the documentation model of API Extractor
 * @param {string} name of the declaration in its source
 * @returns {Map<string, string[]>} by name, such as `open`, `Door.close` or `Door.constructor`
 */
export function thrownCodes(project, { kind, fileUrlPath }, name) {
  if (kind !== 'Function' && kind !== 'Class') return new Map();
  const file = join(project, fileUrlPath.replace(/^dist/, 'src').replace(/\.d\.ts$/, '.ts'));
  const text = readFileSync(file, 'utf8');
  const { statements } = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const sources = statements.filter((each) => each.name?.text === name);
  const functions = sources.flatMap((each) =>
    ts.isClassDeclaration(each)
      ? each.members.map((member) => [`${name}.${member.name?.getText() ?? 'constructor'}`, member])
      : [[name, each]],
  );
  return new Map(functions.map(([key, { body }]) => [key, codesIn(body)]));
}

/**
 * @param {object | undefined} node a node of the syntax tree; undefined for a member without a body
 * @returns {string[]}
 */
function codesIn(node) {
  if (node === undefined || ts.isFunctionLike(node)) return [];
  const code = ts.isThrowStatement(node) ? codeOf(node.expression) : undefined;
  if (code !== undefined) return [code];
  const codes = [];
  ts.forEachChild(node, (child) => void codes.push(...codesIn(child)));
  return codes;
}

/** @param {object} thrown the expression of a throw statement */
function codeOf(thrown) {
  if (!ts.isNewExpression(thrown) || thrown.expression.getText() !== 'MessagingError')
    return undefined;
  const [code] = thrown.arguments ?? [];
  return code !== undefined && ts.isStringLiteral(code) ? code.text : undefined;
}
