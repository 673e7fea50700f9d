// The folders of the pages: those of this example, or those of another web application.
import { createRequire } from 'node:module';
import { resolve as resolvePath } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Folders } from '../static-files.js';

export interface WebFolders {
  /** Pages for users who are logged in, and the login page. */
  readonly pages: URL;
  /** Files for everyone. */
  readonly assets: Folders;
}

const { resolve } = createRequire(import.meta.url);

/** WebJars by the names that pages use, and the folders of the npm packages with the same files. */
const webjars: Readonly<Record<string, string>> = {
  angular: 'angular',
  'angular-ui-bootstrap-bower': 'angular-ui-bootstrap/dist',
  bootstrap: 'bootstrap/dist',
  jquery: 'jquery/dist',
  'sockjs-client': 'sockjs-client/dist',
  'webstomp-client': 'webstomp-client',
};

/** @param webapp the folder of another web application, with its npm packages; undefined for our pages */
export function foldersFor(webapp: string | undefined): WebFolders {
  if (webapp !== undefined) return foldersOf(pathToFileURL(`${resolvePath(webapp)}/`));
  return {
    pages: new URL('public/', import.meta.url),
    assets: {
      'static/': new URL('public/static/', import.meta.url),
      'static/look/': new URL('../public/', import.meta.url),
      'static/stompjs/': new URL('../esm6/', pathToFileURL(resolve('@stomp/stompjs'))),
    },
  };
}

function foldersOf(pages: URL): WebFolders {
  const jars = Object.entries(webjars).map(([name, folder]): [string, URL] => [
    `webjars/${name}/`,
    new URL(`node_modules/${folder}/`, pages),
  ]);
  return { pages, assets: { 'static/': new URL('static/', pages), ...Object.fromEntries(jars) } };
}
