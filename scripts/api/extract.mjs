// Extracts the public API of a package with API Extractor: a report and a documentation model for each entry point.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CompilerState, Extractor, ExtractorConfig } from '@microsoft/api-extractor';

const root = fileURLToPath(new URL('../../', import.meta.url));

/**
 * The public API of one entry point of a package.
 * @typedef {{
 *   file: string, // name of its report, such as `testing.md`
 *   report: string, // its declarations as a page
 *   model: object, // the documentation model of API Extractor, with docstrings
 * }} EntryPoint
 */

/**
 * Compiles the declarations in a temporary folder, because `dist` may be out of date.
 * @param {string} project the folder of the package
 * @returns {EntryPoint[]}
 */
export function extractApi(project) {
  const folder = mkdtempSync(join(tmpdir(), 'signalbox-api-'));
  try {
    emitDeclarations(project, folder);
    return extract(project, folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * @param {string} project
 * @param {string} folder
 */
function emitDeclarations(project, folder) {
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  const config = join(project, 'tsconfig.build.json');
  const output = ['--emitDeclarationOnly', '--declarationMap', 'false', '--pretty', 'false'];
  const { status, stdout } = spawnSync(
    process.execPath,
    [tsc, '-p', config, '--outDir', join(folder, 'dist'), ...output],
    { encoding: 'utf8' },
  );
  if (status !== 0) throw new Error(`tsc failed:\n${stdout}`);
}

/**
 * @param {string} project
 * @param {string} folder a package folder, with declarations in the places that package.json names
 */
function extract(project, folder) {
  const packageJson = readFileSync(join(project, 'package.json'), 'utf8');
  writeFileSync(join(folder, 'package.json'), packageJson);
  // Imports of dependencies are resolved from here.
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'), 'junction');
  mkdirSync(join(folder, 'report'));

  // The declarations for require() are those of import.
  const entryPoints = Object.entries(JSON.parse(packageJson).exports).flatMap(
    ([subpath, { import: target }]) => (target === undefined ? [] : [[subpath, target.types]]),
  );
  const files = entryPoints.map(([, types]) => join(folder, types));
  const configs = files.map((file) => extractorConfig(folder, file, files));
  // One program for all entry points, because parsing takes most of the time.
  const compilerState = CompilerState.create(configs[0], { additionalEntryPoints: files });
  return entryPoints.map(([subpath], index) => {
    const config = configs[index];
    Extractor.invoke(config, { localBuild: true, compilerState, messageCallback });
    const extracted = readFileSync(config.reportFilePath, 'utf8');
    const name = subpath.replace('.', 'signalbox');
    const file = subpath === '.' ? name : subpath.slice(2).replaceAll('/', '-');
    return {
      file: `${file}.md`,
      report: pageOf(name, extracted, augmentationsOf(files[index])),
      model: JSON.parse(readFileSync(config.apiJsonFilePath, 'utf8')),
    };
  });
}

/**
 * @param {string} folder
 * @param {string} file
 * @param {string[]} files
 */
function extractorConfig(folder, file, files) {
  const { compilerOptions } = JSON.parse(readFileSync(join(root, 'tsconfig.json'), 'utf8'));
  return ExtractorConfig.prepare({
    configObject: {
      projectFolder: folder,
      mainEntryPointFilePath: file,
      compiler: { overrideTsconfig: { compilerOptions: { ...compilerOptions, paths: {} }, files } },
      apiReport: {
        enabled: true,
        includeForgottenExports: true,
        reportFileName: 'report.api.md',
        reportFolder: join(folder, 'report'),
        reportTempFolder: join(folder, 'report/temp'),
      },
      docModel: {
        enabled: true,
        includeForgottenExports: true,
        apiJsonFilePath: join(folder, 'report/model.json'),
      },
      dtsRollup: { enabled: false },
      tsdocMetadata: { enabled: false },
      newlineKind: 'lf',
      messages: { compilerMessageReporting: { default: { logLevel: 'error' } } },
    },
    configObjectFullPath: undefined,
    packageJsonFullPath: join(folder, 'package.json'),
  });
}

/**
 * Suppresses the output of API Extractor, except for declarations that it cannot compile.
 * @param {import('@microsoft/api-extractor').ExtractorMessage} message
 */
function messageCallback(message) {
  message.handled = true;
  if (message.category === 'Compiler') {
    throw new Error(message.formatMessageWithLocation(undefined));
  }
}

/**
 * @param {string} name
 * @param {string} extracted
 * @param {string[]} augmentations
 */
function pageOf(name, extracted, augmentations) {
  const declarations = /```ts\n([^]*)\n```/
    .exec(extracted)[1]
    // These notes change with docstrings, not with declarations.
    .replace(/^ *\/\/ (@public.*|\(undocumented\)|\(No @packageDocumentation .*)\n/gm, '')
    // The form of an import depends on the file that API Extractor reads first.
    .replace(/^import type /gm, 'import ')
    .trim();
  return [
    `# Public API of \`${name}\``,
    'Generated by `npm run api-report`. Declarations without `export` cannot be imported, but exported ones refer to them.',
    ['```ts', [declarations, ...augmentations].join('\n\n').trim(), '```\n'].join('\n'),
  ].join('\n\n');
}

/**
 * Returns each `declare module` and `declare global` in a file and its imports. API Extractor omits them.
 * @param {string} file
 * @returns {string[]}
 */
function augmentationsOf(file, seen = new Set()) {
  if (seen.has(file)) return [];
  seen.add(file);
  const text = readFileSync(file, 'utf8');
  const imports = [...text.matchAll(/\b(?:from |import |import\()['"](\.[^'"]+)\.js['"]/g)];
  return [
    ...(text.match(/^declare (?:module|global)[^]*?^\}/gm) ?? []),
    ...imports.flatMap(([, path]) => augmentationsOf(join(dirname(file), `${path}.d.ts`), seen)),
  ];
}
