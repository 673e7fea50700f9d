// The version of the package, which CONNECTED contains.

export const version = '0.1.0';
