// The version of the package, as CONNECTED names it.

export const version = '0.1.0';
