// `node scripts/release-notes.mjs <version> [changelog]`: prints the section of a version of CHANGELOG.md.
import { readFileSync } from 'node:fs';

const [version = '', file = new URL('../CHANGELOG.md', import.meta.url)] = process.argv.slice(2);
const notes = sectionOf(readFileSync(file, 'utf8'), version);
if (notes === undefined || notes === '') {
  const problem = notes === undefined ? 'has no section for' : 'has an empty section for';
  console.error(`The changelog ${problem} '${version}'. Its headings are '## 1.2.0 - 2026-12-01'.`);
  process.exitCode = 1;
} else console.log(notes);

/**
 * Returns the text below the heading of a version, without the heading; undefined if there is no such heading.
 * @param {string} changelog
 * @param {string} wanted
 */
function sectionOf(changelog, wanted) {
  const sections = changelog.split(/^## /m).slice(1);
  const section = sections.find((text) => text.split(/\s/, 1)[0] === wanted);
  return section?.slice(section.indexOf('\n')).trim();
}
