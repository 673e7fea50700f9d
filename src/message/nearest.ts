// Finds the known name that is most similar to an unknown one.

/** The nearest known name, if fewer than 60 % of its characters differ; a hint at any other name would mislead. */
export function similar(name: string, known: readonly string[]): string | undefined {
  if (known.length === 0) return undefined;
  const found = nearest(name, known);
  const distance = editDistance(name.toLowerCase(), found.toLowerCase());
  return distance < 0.6 * Math.max(name.length, found.length) ? found : undefined;
}

/** The known name with the smallest edit distance. */
export function nearest(name: string, known: readonly string[]): string {
  const distance = (other: string) => editDistance(name.toLowerCase(), other.toLowerCase());
  return known.reduce((best, other) => (distance(other) < distance(best) ? other : best));
}

/**
 * The number of characters to insert, delete or replace.
 *
 * @param limit a larger distance is returned as Infinity, at less cost
 */
export function editDistance(a: string, b: string, limit = Infinity): number {
  if (Math.abs(a.length - b.length) > limit) return Infinity;
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    let least = i;
    for (let j = 1; j <= b.length; j++) {
      const substituted = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      const distance = Math.min(substituted, row[j]! + 1, next[j - 1]! + 1);
      next.push(distance);
      least = Math.min(least, distance);
    }
    if (least > limit) return Infinity;
    row = next;
  }
  return row[b.length]! > limit ? Infinity : row[b.length]!;
}
