// Part of `npm run check:package`: prints the size of the tarball, and fails when it has grown by more than a tenth.
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** KiB of the tarball when this number was last changed. Change it when the package grows for a reason. */
const known = 1110;
const limit = Math.floor(known * 1.1);

const [{ filename, size, unpackedSize, entryCount }] = JSON.parse(
  execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
    cwd: fileURLToPath(new URL('../', import.meta.url)),
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  }),
);
const packed = Math.ceil(size / 1024);
const unpacked = Math.ceil(unpackedSize / 1024);
console.log(
  `${filename}: ${packed} KiB (limit ${limit}), ${unpacked} KiB unpacked, ${entryCount} files`,
);
if (packed > limit) {
  console.error(
    `The tarball has grown from ${known} KiB. Look for files that do not belong in it,`,
  );
  console.error(
    'or change the number in scripts/check-package.mjs and give the reason in the commit.',
  );
  process.exitCode = 1;
}
