// Mistakes of installation and compilation: the packed package reports each one in a sentence that names the fix.
import { beforeEach, describe, expect, it } from 'vitest';
import { applicationForEachTest } from './application.js';

const application = applicationForEachTest();

/** A controller in JavaScript. @param name of its payload class */
function controllerFor(name: string): string {
  return `
    import { Controller, createServer, MessageMapping, Payload } from 'signalbox';
    export class Orders { order() {} }
    Payload(${name})(Orders.prototype, 'order', 0);
    MessageMapping('/order')(Orders.prototype, 'order');
    Controller()(Orders);
    await createServer({ controllers: [Orders] });
    console.log('The server was created.');
  `;
}

describe('a version of Node that is not supported', () => {
  const message =
    'signalbox needs Node 20.19, 22.12, 24 or later, and this is Node 20.18.3; install a supported version.';

  beforeEach(() => {
    application().write(
      'older.cjs',
      `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.18.3' } });`,
    );
  });

  it.each([
    ['import', 'main.mjs', `import 'signalbox';`],
    ['import of the test kit', 'main.mjs', `import 'signalbox/testing';`],
    ['require', 'main.cjs', `require('signalbox');`],
  ])('is named by %s', async (_, file, code) => {
    application().write(file, code);
    const { code: exitCode, output } = await application().node('-r', './older.cjs', file);
    expect(output).toContain(`Error: ${message}`);
    expect(exitCode).toBe(1);
  });
});

describe('a package that is not installed', () => {
  it('is named by import: reflect-metadata', async () => {
    application().uninstall('reflect-metadata');
    application().write('main.js', `import 'signalbox';`);
    const { output } = await application().node('main.js');
    expect(output).toContain(
      'Error: signalbox needs the package reflect-metadata: npm install reflect-metadata',
    );
  });

  it.each([
    ['inversify', '', 'Object'],
    ['class-validator', 'class Order {}', 'Order'],
    [
      'class-transformer',
      `import { IsString } from 'class-validator';
       class Order {}
       IsString()(Order.prototype, 'name');`,
      'Order',
    ],
  ])('is named at start: %s', async (name, declarations, type) => {
    application().write('main.js', declarations + controllerFor(type));
    expect((await application().node('main.js')).output).toContain('The server was created.');
    application().uninstall(name);
    const { output } = await application().node('main.js');
    expect(output).toContain(
      `MessagingError: signalbox needs the package ${name}: npm install ${name}`,
    );
    expect(output).toContain(`code: 'package-missing'`);
  });
});

describe('levelStore() without a working classic-level', () => {
  const main = `
    import { createServer, EmbeddedBroker } from 'signalbox';
    import { levelStore } from 'signalbox/store';
    const server = await createServer({
      broker: new EmbeddedBroker({ store: levelStore({ path: './messages' }) }),
    });
    await server.listen(0);
  `;

  it('names the package that is not installed', async () => {
    application().write('main.js', main);
    const { output } = await application().node('main.js');
    expect(output).toContain(
      'MessagingError: signalbox needs the package classic-level: npm install classic-level',
    );
    expect(output).toContain(`code: 'package-missing'`);
  });

  it('reports the error of a package that cannot be loaded', async () => {
    application().write('node_modules/classic-level/index.js', `throw new Error('No binding.');`);
    application().write('main.js', main);
    const { output } = await application().node('main.js');
    expect(output).toContain(
      `MessagingError: The store './messages' cannot be opened: No binding.`,
    );
    expect(output).toContain(`code: 'store-failed'`);
  });
});

describe('a second copy', () => {
  it('of class-validator is named at start', async () => {
    const nested = 'node_modules/signalbox/node_modules';
    application().copy('class-validator', `${nested}/class-validator`);
    for (const name of ['validator', 'libphonenumber-js'])
      application().link(name, `${nested}/${name}`);
    application().write(
      'main.js',
      `import { IsString } from 'class-validator';
       class Order {}
       IsString()(Order.prototype, 'name');
       ${controllerFor('Order')}`,
    );
    const { output } = await application().node('main.js');
    expect(output).toMatch(
      /^class-validator is loaded 2 times: .+ and .+\. The copies share decorators, but not useContainer\(\)\. Install one version \(see npm ls class-validator\)\.$/m,
    );
    expect(output).toContain(`${application().path}/node_modules/signalbox/node_modules/`);
    expect(output).toContain('The server was created.');
  });

  it.each([
    ['an ES module', 'index.mjs', `export { MessagingError } from 'signalbox';`],
    [
      'a CommonJS module',
      'index.cjs',
      `exports.MessagingError = require('signalbox').MessagingError;`,
    ],
  ])('of signalbox, which %s loads, is named at start', async (_, main, code) => {
    application().unpack('node_modules/library/node_modules/signalbox');
    application().write('node_modules/library/package.json', { name: 'library', main });
    application().write(`node_modules/library/${main}`, code);
    application().write(
      'main.js',
      `import { MessagingError as Foreign } from 'library';
       import { createServer, MessagingError } from 'signalbox';
       await createServer();
       console.log(Foreign === MessagingError, new Foreign('no-route') instanceof MessagingError);`,
    );
    const { output } = await application().node('main.js');
    expect(output).toMatch(
      /^signalbox is loaded 2 times: \S+node_modules\/library\/node_modules\/signalbox\/ \(\S+\) and \S+node_modules\/signalbox\/ \(\S+\)\. .*run npm dedupe, or install a linked package with npm install --install-links\.$/m,
    );
    expect(output).toContain('false true');
  });

  it('is not loaded by a program that imports and requires signalbox', async () => {
    application().write(
      'main.js',
      `import { createRequire } from 'node:module';
       import * as imported from 'signalbox';
       const required = createRequire(import.meta.url)('signalbox');
       await imported.createServer();
       console.log(required.MessagingError === imported.MessagingError);`,
    );
    expect(await application().node('main.js')).toEqual({ code: 0, output: 'true\n' });
  });
});

describe('a payload class whose type is lost', () => {
  const controller = `
    import { Controller, createServer, MessageMapping, Payload } from 'signalbox';
    @Controller()
    class Orders {
      @MessageMapping('/order')
      order(@Payload() order: Order): string { return order.name; }
    }
    await createServer({ controllers: [Orders] });
  `;

  beforeEach(() => {
    application().write(
      'order.ts',
      `import { IsString } from 'class-validator';
       export class Order { @IsString() name!: string; }`,
    );
  });

  it('because of import type is reported at start', async () => {
    application().write('main.ts', `import type { Order } from './order.js';${controller}`);
    expect(await application().compile()).toBe('');
    const { output } = await application().node('main.js');
    expect(output).toContain(
      '- Orders.order, parameter 0: its type is Function, which compilers record for a class imported with `import type`; import it as a value, or name it, as in @Payload(ChatMessage).',
    );
  });

  it('because esbuild and tsx emit no types is reported at start', async () => {
    application().write('main.ts', `import { Order } from './order.js';${controller}`);
    expect(await application().compile({ emitDecoratorMetadata: false })).toBe('');
    const { output } = await application().node('main.js');
    expect(output).toContain(
      '- Orders.order, parameter 0: its type is unknown; name it, as in @Payload(ChatMessage) or @Payload(schema), or compile with emitDecoratorMetadata.',
    );
  });

  it('because it was loaded before reflect-metadata is reported at start', async () => {
    application().write(
      'order.ts',
      `import { IsDate, IsString, ValidateNested } from 'class-validator';
       export class Item { @IsString() name!: string; }
       export class Order {
         @IsString() name!: string;
         @ValidateNested({ each: true }) items!: Item[];
         @IsDate() wanted!: Date;
       }`,
    );
    application().write('main.ts', `import { Order } from './order.js';${controller}`);
    expect(await application().compile()).toBe('');
    const { output } = await application().node('main.js');
    expect(output).toContain(
      "Order.items: the compiler's type is missing, so arrays and single values cannot be distinguished; import 'signalbox' or 'reflect-metadata' before the module of the class",
    );
    expect(output).toContain(
      "Order.wanted: it accepts only dates, which JSON does not have, so every payload with this property would be invalid; add @Type(() => Date) of class-transformer. The compiler's type is missing: if you compile with emitDecoratorMetadata, import 'signalbox' or 'reflect-metadata' before the module of the class.",
    );
  });
});
