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

const keyTypes = {
  rsa: ['-newkey', 'rsa:2048'],
  ec: ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'],
} as const;

/** For a host, and not trusted by any client; undefined when this machine has no openssl. */
export function selfSigned(
  host = 'localhost',
  type: keyof typeof keyTypes = 'ec',
): Certificate | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'signalbox-'));
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  const names = ['-addext', `subjectAltName=DNS:${host},IP:127.0.0.1`];
  const subject = ['-subj', `/CN=${host}`, ...names, '-days', '1', '-nodes'];
  const request = ['req', '-x509', ...keyTypes[type], '-keyout', key, '-out', cert];
  const { status } = spawnSync('openssl', [...request, ...subject]);
  const made = status === 0 ? { key: readFileSync(key), cert: readFileSync(cert) } : undefined;
  rmSync(folder, { recursive: true });
  return made ?? reportMissing('openssl is missing, which makes the certificates of tests.');
}
