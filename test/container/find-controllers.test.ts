// findControllers: controllers by the names of their files.
import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import promises from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { join, relative } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createServer, findControllers } from '../../src/index.js';

let folder: string;

const controller = (name: string, destination: string) => `
import { Controller, MessageMapping } from '../../../src/index.js';
@Controller()
export class ${name} {
  @MessageMapping('${destination}')
  handle() {}
}
export const other = () => {};
`;

const handler = `
import { WebSocketHandler } from '../../../src/index.js';
@WebSocketHandler('/echo')
export class Echo {
  message() {}
}
`;

beforeAll(() => {
  // Files in this folder are compiled by the test runner.
  folder = mkdtempSync(join(import.meta.dirname, 'scanned-'));
  mkdirSync(join(folder, 'deep'));
  writeFileSync(join(folder, 'one.controller.ts'), controller('One', '/one'));
  const deep = controller('Two', '/two').replace('../../../src', '../../../../src');
  writeFileSync(join(folder, 'deep', 'two.controller.ts'), deep);
  writeFileSync(join(folder, 'echo.handler.ts'), handler);
  writeFileSync(join(folder, 'none.ts'), 'export const nothing = 1;');
  const installed = join(folder, 'deep', 'node_modules', 'library');
  mkdirSync(installed, { recursive: true });
  writeFileSync(join(installed, 'three.controller.ts'), controller('Three', '/three'));
});

afterAll(() => rmSync(folder, { recursive: true }));

describe('findControllers', () => {
  it('imports matching files in the order of their names and returns their controllers', async () => {
    const controllers = await findControllers('./**/*.controller.ts', folder);
    expect(controllers.map(({ name }) => name)).toEqual(['Two', 'One']);
    const server = await createServer({ controllers });
    expect(server.routes().map(({ destination }) => destination)).toEqual(['/app/two', '/app/one']);
  });

  it('finds WebSocket handlers', async () => {
    const found = await findControllers('*.handler.ts', folder);
    expect(found.map(({ name }) => name)).toEqual(['Echo']);
  });

  it('reads neither installed packages nor folders that the pattern does not name', async () => {
    const readdir = vi.spyOn(promises, 'readdir');
    syncBuiltinESMExports();
    const readBy = async (pattern: string) => {
      readdir.mockClear();
      const names = (await findControllers(pattern, folder)).map(({ name }) => name);
      return [names, readdir.mock.calls.map(([path]) => relative(folder, String(path)))];
    };
    expect(await readBy('**/*.controller.ts')).toEqual([
      ['Two', 'One'],
      ['', 'deep'],
    ]);
    expect(await readBy('./deep/**')).toEqual([['Two'], ['deep']]);
    expect(await readBy('deep/two.controller.ts')).toEqual([['Two'], ['deep']]);
    readdir.mockRestore();
    syncBuiltinESMExports();
  });

  it('names a file that cannot be imported, with the reason', async () => {
    writeFileSync(join(folder, 'null.mjs'), 'throw null;');
    writeFileSync(join(folder, 'error.mjs'), `throw new Error('no database');`);
    for (const [name, reason] of [
      ['null.mjs', 'null'],
      ['error.mjs', 'no database'],
    ] as const)
      await expect(findControllers(name, folder)).rejects.toMatchObject({
        code: 'option-invalid',
        message: `'${join(folder, name)}' cannot be imported: ${reason}`,
      });
  });

  it('refuses a pattern or a folder that is not a string', async () => {
    for (const given of [[undefined], [5], ['*.ts', null]])
      await expect(findControllers(...(given as [string]))).rejects.toMatchObject({
        code: 'option-invalid',
        message: expect.stringMatching(/^The option '(pattern|from)' must be a string\.$/),
      });
  });

  it('rejects if no file matches, or no matching file exports a controller', async () => {
    await expect(findControllers('*.nothing.ts', folder)).rejects.toThrow(
      `No file matches '*.nothing.ts'`,
    );
    await expect(findControllers('missing/*.ts', folder)).rejects.toThrow(
      `No file matches 'missing/*.ts'`,
    );
    await expect(findControllers('none.ts', folder)).rejects.toThrow('exports a @Controller');
  });
});
