// All examples on one port, each at its own address, and a page at `/` that lists them.
import { examples } from './catalog.js';
import { serveIndexPage } from './index-page.js';
import { serve } from './serve.js';

await serve('examples', async (http) => {
  serveIndexPage(http, examples);
  return Promise.all(examples.map(({ name, mount }) => mount(http, `/${name}/`)));
});
