// A simple and slow matcher of destination patterns: it tries every way to divide a text.
export function naiveMatch(pattern: string, destination: string): boolean {
  const segments = (text: string) => text.split('/').filter((segment) => segment !== '');
  const last = segments(pattern).at(-1);
  return (
    pattern.startsWith('/') === destination.startsWith('/') &&
    (last === '**' || pattern.endsWith('/') === destination.endsWith('/')) &&
    anySegments(segments(pattern), segments(destination))
  );
}

function anySegments(pattern: readonly string[], texts: readonly string[]): boolean {
  const [segment, ...rest] = pattern;
  const [text, ...others] = texts;
  if (segment === undefined) return text === undefined;
  if (segment === '**' && anySegments(rest, texts)) return true;
  if (text === undefined) return false;
  return segment === '**'
    ? anySegments(pattern, others)
    : oneSegment(Array.from(segment.replaceAll(/\{.\}/g, '*')), Array.from(text)) &&
        anySegments(rest, others);
}

/** Compares characters, not UTF-16 units: `?` matches one character. */
function oneSegment(pattern: readonly string[], text: readonly string[]): boolean {
  const [first, ...rest] = pattern;
  if (first === undefined) return text.length === 0;
  if (first === '*')
    return oneSegment(rest, text) || (text.length > 0 && oneSegment(pattern, text.slice(1)));
  return text.length > 0 && (first === '?' || first === text[0]) && oneSegment(rest, text.slice(1));
}
