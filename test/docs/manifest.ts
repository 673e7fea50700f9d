// package.json of this package, and the packages that npm installs together with a package.
import { readFileSync } from 'node:fs';
import { root } from './page.js';

type Names = Readonly<Record<string, string>>;

/** The dependencies in a package.json, or in an entry of a lock file. */
export interface Manifest {
  readonly dependencies?: Names;
  readonly devDependencies?: Names;
  readonly peerDependencies?: Names;
  readonly peerDependenciesMeta?: Readonly<Record<string, { readonly optional?: boolean }>>;
}

/** package.json of signalbox. */
export const manifest = JSON.parse(readFileSync(`${root}package.json`, 'utf8')) as Manifest;

/** The peers that are not optional. */
export function peersOf({ peerDependencies = {}, peerDependenciesMeta = {} }: Manifest): string[] {
  return Object.keys(peerDependencies).filter(
    (name) => peerDependenciesMeta[name]?.optional !== true,
  );
}

/** The dependencies and peers that npm installs with a package. */
export function installedBy(each: Manifest): string[] {
  return [...Object.keys(each.dependencies ?? {}), ...peersOf(each)];
}
