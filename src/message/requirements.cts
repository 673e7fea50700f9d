// Checks the version of Node, and loads reflect-metadata; in CommonJS, because Node links ES modules before it runs any of them.

/** The first version of each supported line of Node, as in `engines` of package.json; later lines are supported too. */
const supported = { 20: 19, 22: 12, 24: 0 };

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
const isSupported =
  major > 24 ||
  Object.entries(supported).some(([line, first]) => major === Number(line) && minor >= first);

if (!isSupported)
  throw new Error(
    `signalbox needs Node 20.19, 22.12, 24 or later, and this is Node ${process.versions.node}; install a supported version.`,
  );

// The application or its bundle may have loaded it.
if (typeof Reflect.getMetadata !== 'function') {
  try {
    // Vite's module runner has no require().
    if (typeof require === 'undefined')
      process.getBuiltinModule('module').createRequire(`${process.cwd()}/`)('reflect-metadata');
    else require('reflect-metadata');
  } catch (cause) {
    if (Object(cause).code !== 'MODULE_NOT_FOUND') throw cause;
    throw new Error('signalbox needs the package reflect-metadata: npm install reflect-metadata', {
      cause,
    });
  }
}
