// The rules for names, as in chat.server.ts: the server does not send the reason when it refuses a name.

/**
 * @param {string} name
 * @returns {string | undefined} the reason why the name is not allowed; undefined if it is
 */
export function problemOfName(name) {
  if (name === '') return 'Enter a name.';
  if (/.{21}/u.test(name)) return 'A name has at most 20 characters.';
  const [wrong] = /[^\p{L}\p{N} ._-]/u.exec(name) ?? [];
  if (wrong !== undefined) return `A name cannot contain ${wrong}`;
  if (!/^[\p{L}\p{N}]/u.test(name)) return 'A name begins with a letter or a digit.';
  return undefined;
}
