// A key and a certificate for tests of TLS, made by openssl.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { reportMissing } from './missing.js';

export interface Certificate {
  readonly key: Buffer;
  readonly cert: Buffer;
}

/** For `localhost`, and not trusted by any client; undefined when this machine has no openssl. */
export function selfSigned(): Certificate | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'signalbox-'));
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  const subject = ['-subj', '/CN=localhost', '-days', '1', '-nodes'];
  const request = ['req', '-x509', '-newkey', 'rsa:2048', '-keyout', key, '-out', cert];
  const { status } = spawnSync('openssl', [...request, ...subject]);
  const made = status === 0 ? { key: readFileSync(key), cert: readFileSync(cert) } : undefined;
  rmSync(folder, { recursive: true });
  return made ?? reportMissing('openssl is missing, which makes the certificates of tests.');
}
