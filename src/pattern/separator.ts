// The character between the segments of destinations.

/** The character between the segments of destinations. */
export type Separator = '/' | '.';

export const separators: readonly Separator[] = ['/', '.'];

/** The problem of `/topic/**` with the separator `.`: it would be one segment, and match one segment only. */
export const deepAfterSlash =
  "`**` must be a whole segment, and the separator is '.'; write `/*.**`";
