// The character between the segments of destinations.

/** The character between the segments of destinations. */
export type Separator = '/' | '.';

export const separators: readonly Separator[] = ['/', '.'];

/** The problem of `/topic/**` with the separator `.`: the pattern is one segment there, so it would match only one segment. */
export const deepAfterSlash =
  "`**` must be a whole segment, and the separator is '.'; write `/*.**`";
