// `node scripts/lint-words.mjs [file ...]`: prints words that are hard to read, with their places and a simpler form of each.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { extname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Regular expressions of words, and a simpler form of each. They match whole words, also with a capital letter at the start. */
const words = [
  // `application/octet-stream` is the name of a media type.
  ['octets?(?!-)', '"byte"'],
  ['who(?:so|m)?ever', 'a noun, such as "a client that"'],
  // Destinations of the tests have a user with this name.
  ['(?<!/)(?:no|any|some|every)body', 'a noun, such as "no client"'],
  ['what (?:is|are|was|were)', 'a noun, such as "the sent messages"'],
  ['(?<!there )is no(?= (?!longer\\b|more\\b)\\w)', '"is not a"'],
  ['in (?:its|their) place|in the place of', '"instead", "instead of"'],
  // Correct before a noun: "a member of its own class".
  [
    'of (?:its|their) own(?! (?!for\\b|that\\b|and\\b|in\\b|to\\b|as\\b)[a-z])',
    '"separate", "another"',
  ],
  ['beside', '"next to", "in addition to"'],
  ['(?:give|gives|gave|giving) way', '"is dropped", "waits"'],
  ['hears?|heard|hearing', '"receives"'],
  ['tells?|told|telling', '"reports", "returns", "logs"'],
  ['says', '"reports", "contains"'],
  ['speaks?|spoke|spoken|speaking', '"uses", "sends"'],
  ['as ever|for ever|for long|for good', '"always", "forever"'],
  [
    'thereby|therein|thereof|whereby|wherein|hence|lest|albeit|amongst|whilst|in vain',
    'a new sentence',
  ],
  ['behaviours?', '"behavior"'],
  ['neighbou?rhood|neighbours?', '"neighbor"'],
  ['colours?', '"color"'],
  ['catalogues?', '"catalog"'],
].map(([word, simpler]) => ({ pattern: new RegExp(`\\b(?:${word})(?!\\w)`, 'gi'), simpler }));

/** Write it with a reason into a comment on the line of a correct word, such as one in a quotation. */
const marker = 'lint-words-ignore:';

/**
 * The words of a text that have a simpler form.
 *
 * @param {string} text
 */
function findWords(text) {
  return text
    .split('\n')
    .flatMap((line, index) =>
      line.includes(marker)
        ? []
        : words
            .flatMap(({ pattern, simpler }) =>
              Array.from(line.matchAll(pattern), ([word]) => ({ line: index + 1, word, simpler })),
            )
            .filter(({ word }) => !isIdentifier(word)),
    );
}

/** `noBody` is a name in the code, `Nobody` is a word. @param {string} word */
function isIdentifier(word) {
  return /.[A-Z]/.test(word);
}

const root = fileURLToPath(new URL('../', import.meta.url));
const places = [
  'src',
  'docs',
  'examples',
  'test',
  'scripts',
  'bench',
  '.github',
  'README.md',
  'CHANGELOG.md',
  'SECURITY.md',
  'CODE_OF_CONDUCT.md',
];
const extensions = [
  '.md',
  '.ts',
  '.mjs',
  '.js',
  '.html',
  '.css',
  '.json',
  '.java',
  '.go',
  '.py',
  '.yml',
];
/** These contain the words themselves; lockfiles contain names of packages. */
const excluded = ['lint-words.mjs', 'lint-words.test.ts', 'package-lock.json', 'node_modules'];

/**
 * @param {string} path
 * @returns {string[]}
 */
function filesOf(path) {
  if (!statSync(path).isDirectory()) return extensions.includes(extname(path)) ? [path] : [];
  return readdirSync(path)
    .filter((name) => !excluded.includes(name) && !name.startsWith('.'))
    .flatMap((name) => filesOf(join(path, name)));
}

const given = process.argv.slice(2);
const paths = given.length > 0 ? given : places.map((place) => join(root, place));
for (const path of paths.flatMap(filesOf)) {
  for (const { line, word, simpler } of findWords(readFileSync(path, 'utf8'))) {
    console.log(`${relative('.', path)}:${line}: "${word}" is hard to read; write ${simpler}.`);
    process.exitCode = 1;
  }
}
