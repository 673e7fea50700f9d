// Finds public members whose docstring lacks a part: the meaning, an example, a default, a unit or an error code.
import { thrownCodes } from './thrown-codes.mjs';

/** A member of the documentation model of API Extractor. @typedef {Record<string, any>} Member */

/**
 * A declaration or one of its members.
 * @typedef {{
 *   name: string, // such as `Door.close`
 *   member: Member,
 *   docstring: string, // without the marks of the comment; for a function, the docstrings of all overloads
 *   thrown: string[], // the error codes that its body throws
 * }} Place
 */

/** Numbers that need a unit: the ends of their names, and the word in their docstrings. */
const units = [
  {
    names: /(?:[iI]nterval|[tT]imeout|[dD]elay|[dD]uration|[rR]etention|After|Age)$/,
    word: 'milliseconds',
  },
  { names: /(?:[bB]ytes|Size)$/, word: 'bytes' },
];

/**
 * The facts about all declarations that the checks need.
 * @typedef {{
 *   declarations: Member[],
 *   options: Set<Member>, // members that an application may leave out
 *   errorCodes: Set<string>, // the keys of the table of errors
 * }} Api
 */

/**
 * @param {string} project the folder of the package
 * @param {Member[]} models one for each entry point
 * @returns {string[]} a sentence for each mistake; a type that several entry points reach is listed once
 */
export function docstringMistakes(project, models) {
  const declarations = models.flatMap((model) => model.members).flatMap((entry) => entry.members);
  const api = {
    declarations,
    options: optionsAmong(declarations),
    errorCodes: errorCodesAmong(declarations),
  };
  const mistakes = placesOf(project, declarations).flatMap((place) =>
    Array.from(mistakesOf(place, api), (mistake) => `${place.name} ${mistake}`),
  );
  return [...new Set(mistakes)].toSorted((a, b) => a.localeCompare(b));
}

/**
 * @param {Place} place
 * @param {Api} api
 */
function* mistakesOf({ member, docstring, thrown }, { declarations, options, errorCodes }) {
  if (/^(?:@|$)/.test(docstring)) {
    yield 'has no docstring.';
    return;
  }
  const needsExample = isExported(member) && isCallable(member, declarations);
  if (needsExample && !docstring.includes('@example'))
    yield 'is an exported function without an @example.';
  if (options.has(member) && !docstring.includes('@default'))
    yield 'is an option without a @default.';
  const unit = unitOf(member);
  if (unit !== undefined && !docstring.toLowerCase().includes(unit))
    yield `is a number without the unit "${unit}".`;
  const documented = documentedCodes(docstring);
  for (const code of thrown)
    if (!documented.includes(code)) yield `throws ${code} without a @throws {MessagingError}.`;
  for (const code of documented)
    if (!errorCodes.has(code)) yield `has a @throws with the unknown code ${code}.`;
}

/**
 * @param {string} project
 * @param {Member[]} declarations
 * @returns {Place[]}
 */
function placesOf(project, declarations) {
  return declarations.flatMap((declaration) => {
    // A second declaration of this name has a number.
    const owner = declaration.name.replace(/_\d+$/, '');
    const overloads = declarations.filter(
      ({ name, kind }) => name === declaration.name && kind === declaration.kind,
    );
    const thrown = thrownCodes(project, declaration, owner);
    const place = (name, member, docstring) => ({
      name,
      member,
      docstring,
      thrown: thrown.get(name) ?? [],
    });
    return [
      place(owner, declaration, overloads.map(docstringOf).join('\n').trim()),
      ...(declaration.members ?? [])
        .filter((member) => !isDiscriminant(member))
        .map((member) =>
          place(
            `${owner}.${member.name ?? member.kind.toLowerCase()}`,
            member,
            docstringOf(member),
          ),
        ),
    ];
  });
}

/** The text without the marks of the comment. @param {Member} member */
function docstringOf({ docComment = '' }) {
  return docComment
    .replace(/^\/\*\*|\*\/\s*$/g, '')
    .replace(/^ *\* ?/gm, '')
    .trim();
}

/**
 * True for a property such as `readonly kind: 'send'`, which distinguishes the members of a union.
 * @param {Member} member
 */
function isDiscriminant({ name, kind }) {
  return kind === 'PropertySignature' && name === 'kind';
}

/** False for a declaration that only other declarations refer to. @param {Member} member */
function isExported({ canonicalReference }) {
  return !canonicalReference.includes('!~');
}

/**
 * True for a function, and for a constant whose named type has a call signature. API Extractor reports other callable constants as
 * functions.
 * @param {Member} declaration
 * @param {Member[]} declarations
 */
function isCallable({ kind, excerptTokens }, declarations) {
  if (kind !== 'Variable') return kind === 'Function';
  const [, type] = excerptTokens;
  if (type.text.endsWith('Decorator')) return true;
  const named = declarations.find((each) => each.canonicalReference === type.canonicalReference);
  return (
    named !== undefined &&
    (textOf(named).includes('=>') ||
      (named.members ?? []).some((each) => each.kind === 'CallSignature'))
  );
}

/** @param {Member} member */
function textOf({ excerptTokens }) {
  return excerptTokens.map(({ text }) => text).join('');
}

/**
 * The options that an application may leave out: the members of each `Partial<T>`, and the optional members of interfaces that are
 * a parameter of an exported function, decorator or constructor, or have the name of options.
 *
 * @param {Member[]} declarations
 * @returns {Set<Member>}
 */
function optionsAmong(declarations) {
  const everything = declarations.flatMap((each) => [each, ...(each.members ?? [])]);
  const partial = new Set(everything.flatMap(partialReferences));
  const given = new Set(
    everything
      .filter(({ kind }) => kind === 'Function' || kind === 'Constructor')
      .flatMap(parameterReferences),
  );
  return new Set(
    declarations
      .filter(({ kind }) => kind === 'Interface')
      .flatMap(({ name, canonicalReference, members }) => {
        if (partial.has(canonicalReference)) return members;
        const hasOptions =
          given.has(canonicalReference) || /(?:Options|Limits|Settings)$/.test(name);
        return hasOptions ? members.filter(({ isOptional }) => isOptional) : [];
      }),
  );
}

/** @param {Member} member @returns {string[]} each T of `Partial<T>` */
function partialReferences({ excerptTokens = [] }) {
  return excerptTokens
    .filter((_, index) => excerptTokens[index - 2]?.text === 'Partial')
    .flatMap(({ canonicalReference }) => canonicalReference ?? []);
}

/** @param {Member} callable @returns {string[]} */
function parameterReferences({ parameters, excerptTokens }) {
  return parameters.flatMap(({ parameterTypeTokenRange: { startIndex, endIndex } }) =>
    excerptTokens
      .slice(startIndex, endIndex)
      .flatMap(({ canonicalReference }) => canonicalReference ?? []),
  );
}

/** @param {Member} member */
function unitOf(member) {
  const isNumber = /^[^(<]*: [^(<]*\bnumber\b/.test(textOf(member));
  return isNumber ? units.find(({ names }) => names.test(member.name))?.word : undefined;
}

/** @param {string} docstring @returns {string[]} the codes of `@throws {MessagingError}` */
function documentedCodes(docstring) {
  const tags = docstring.match(/@throws\s+\{MessagingError\}[^@]*/g) ?? [];
  // Each code has a hyphen; names of methods and options do not.
  return tags.flatMap((tag) => tag.match(/(?<=`)[a-z]+(?:-[a-z]+)+(?=`)/g) ?? []);
}

/** @param {Member[]} declarations @returns {Set<string>} the keys of the constant `errorCodes` */
function errorCodesAmong(declarations) {
  const table = declarations.find(({ kind, name }) => kind === 'Variable' && name === 'errorCodes');
  return new Set(table === undefined ? [] : textOf(table).match(/(?<=^ {4}readonly ')[a-z-]+/gm));
}
