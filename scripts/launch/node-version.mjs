// Compares a Node version with the `engines` of package.json; supports only the forms of ranges that are used there.

/**
 * @param {string} range alternatives of `^a.b.c` and `>=a`, joined by `||`
 * @param {string} version
 */
export function supports(range, version) {
  const actual = numbers(version);
  return range.split('||').some((alternative) => {
    const wanted = numbers(alternative);
    const sameMajor = !alternative.includes('^') || actual[0] === wanted[0];
    return sameMajor && compare(actual, wanted) >= 0;
  });
}

/** @param {string} text */
function numbers(text) {
  const [major = 0, minor = 0, patch = 0] = (text.match(/\d+/g) || []).map(Number);
  return [major, minor, patch];
}

/**
 * @param {number[]} a
 * @param {number[]} b
 */
function compare(a, b) {
  return a[0] - b[0] || a[1] - b[1] || a[2] - b[2];
}
