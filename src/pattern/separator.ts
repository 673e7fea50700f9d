// The character between the segments of destinations.

export type Separator = '/' | '.';

export const separators: readonly Separator[] = ['/', '.'];
