// importFrom(): the sentence about a package that is not installed, and other errors unchanged.
import { describe, expect, it } from 'vitest';
import { importFrom } from '../../src/message/package.js';

const importing = (error: unknown) =>
  importFrom(['inversify', 'class-validator'], () => Promise.reject(error));

function moduleNotFound(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}

it('returns what the function imports', async () => {
  expect(await importFrom(['node:path'], () => import('node:path'))).toHaveProperty('posix');
});

describe('a package that is not installed', () => {
  it.each([
    ['ERR_MODULE_NOT_FOUND', "Cannot find package 'class-validator' imported from /app/main.js"],
    ['MODULE_NOT_FOUND', "Cannot find module 'class-validator'\nRequire stack:\n- /app/main.cjs"],
  ])('is named with the command that installs it: %s', async (code, message) => {
    await expect(importing(moduleNotFound(code, message))).rejects.toMatchObject({
      code: 'package-missing',
      message: 'signalbox needs the package class-validator: npm install class-validator',
      cause: { message },
    });
  });
});

describe('another error', () => {
  it.each([
    [
      'of a package that the named one imports',
      moduleNotFound(
        'ERR_MODULE_NOT_FOUND',
        "Cannot find package 'validator' imported from /app/node_modules/class-validator/index.js",
      ),
    ],
    ['of the code of the package', new Error("'inversify' has failed")],
    ['that is a text', "Cannot find package 'inversify'"],
  ])('is thrown unchanged: one %s', async (_, error) => {
    await expect(importing(error)).rejects.toBe(error);
  });
});
