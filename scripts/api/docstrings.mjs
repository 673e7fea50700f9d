// Finds public members without a docstring, functions without an example, and options without a default.

/** A member of the documentation model of API Extractor. @typedef {Record<string, any>} Member */

/** Interfaces whose optional properties are options that an application sets. */
const optionsInterface = /(?:Options|Limits|Settings)$/;

/**
 * @param {Member[]} models one for each entry point
 * @returns {string[]} a sentence for each mistake; a type that several entry points reach is listed once
 */
export function docstringMistakes(models) {
  const mistakes = models
    .flatMap((model) => model.members)
    .flatMap((entryPoint) => entryPoint.members)
    .flatMap(mistakesOf);
  return [...new Set(mistakes)].toSorted((a, b) => a.localeCompare(b));
}

/**
 * @param {Member} declaration
 * @param {number} index
 * @param {Member[]} declarations
 */
function mistakesOf(declaration, index, declarations) {
  const name = declaration.name.replace(/_\d+$/, '');
  const mistakes = [];
  const overloads = declarations.filter((other) => other.name === declaration.name);
  if (overloads.every((each) => summaryOf(each) === '')) mistakes.push(`${name} has no docstring.`);
  if (isExportedFunction(declaration) && !overloads.some((each) => hasTag(each, '@example')))
    mistakes.push(`${name} is an exported function without an @example.`);
  return [
    ...mistakes,
    ...(declaration.members ?? []).flatMap((member) => memberMistakesOf(name, member)),
  ];
}

/**
 * @param {string} owner
 * @param {Member} member
 */
function memberMistakesOf(owner, member) {
  const name = `${owner}.${member.name ?? member.kind}`;
  if (isDiscriminant(member)) return [];
  if (summaryOf(member) === '') return [`${name} has no docstring.`];
  return optionsInterface.test(owner) && member.isOptional && !hasTag(member, '@default')
    ? [`${name} is an option without a @default.`]
    : [];
}

/**
 * The text before the first tag.
 * @param {Member} member
 */
function summaryOf({ docComment = '' }) {
  return docComment
    .replace(/^\/\*\*|\*\/\s*$/g, '')
    .replace(/^\s*\*/gm, '')
    .trim()
    .replace(/^@[^]*|\n\s*@[^]*/, '')
    .trim();
}

/**
 * @param {Member} member
 * @param {string} tag
 */
function hasTag({ docComment = '' }, tag) {
  return docComment.includes(tag);
}

/** @param {Member} declaration */
function isExportedFunction({ kind, isExported }) {
  return kind === 'Function' && isExported !== false;
}

/**
 * True for a property such as `readonly kind: 'send'`, which distinguishes the members of a union.
 * @param {Member} member
 */
function isDiscriminant({ name, kind }) {
  return kind === 'PropertySignature' && name === 'kind';
}
