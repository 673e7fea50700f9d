// Finds the known name that is most similar to an unknown one.

/**
 * The nearest of the known names that begin with the unknown one. Without such a name, the nearest known name, if at most this
 * share of the characters differs, or if the unknown name begins with it.
 */
export function similar(name: string, known: readonly string[], share = 0.5): string | undefined {
  if (known.length === 0) return undefined;
  const longer = known.filter((other) => name !== '' && other.startsWith(name));
  if (longer.length > 0) return nearest(name, longer);
  const found = nearest(name, known);
  const distance = editDistance(name.toLowerCase(), found.toLowerCase());
  const isSimilarEnough = distance <= share * Math.max(name.length, found.length);
  return isSimilarEnough || name.startsWith(found) ? found : undefined;
}

/** True when fewer than 60 % of the characters differ: a hint at any other name would mislead. */
export function isSimilar(distance: number, length: number): boolean {
  return distance < 0.6 * length;
}

/** The known name with the smallest edit distance. */
export function nearest(name: string, known: readonly string[]): string {
  const distance = (other: string) => editDistance(name.toLowerCase(), other.toLowerCase());
  return known.reduce((best, other) => (distance(other) < distance(best) ? other : best));
}

/** One row of the table of distances, used again by each call: a client can cause many calls. */
const row: number[] = [];

/**
 * The number of characters to insert, delete or replace.
 *
 * @param limit a larger distance is returned as Infinity, at less cost
 */
export function editDistance(a: string, b: string, limit = Infinity): number {
  if (a === b) return 0;
  if (Math.abs(a.length - b.length) > limit) return Infinity;
  for (let j = 0; j <= b.length; j++) row[j] = j;
  for (let i = 1; i <= a.length; i++) {
    let diagonal = i - 1;
    let left = i;
    let least = i;
    row[0] = i;
    for (let j = 1; j <= b.length; j++) {
      const above = row[j]!;
      left =
        a.charCodeAt(i - 1) === b.charCodeAt(j - 1)
          ? diagonal
          : 1 + Math.min(diagonal, above, left);
      diagonal = above;
      row[j] = left;
      if (left < least) least = left;
    }
    if (least > limit) return Infinity;
  }
  return row[b.length]! > limit ? Infinity : row[b.length]!;
}
