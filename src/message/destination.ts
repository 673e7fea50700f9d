// Destination patterns (walking skeleton).
export interface DestinationPattern { readonly pattern: string; readonly literal: boolean; readonly variables: readonly string[]; match(destination: string): ReadonlyMap<string, string> | undefined }
export function compileDestination(pattern: string, _options?: { separator?: '/' | '.'; expressions?: boolean }): DestinationPattern {
  const variables = [...pattern.matchAll(/\{(\w+)[^}]*\}/g)].map((m) => m[1]!);
  const re = new RegExp(`^${pattern.replace(/[.+^$()|[\]\\]/g, '\\$&').replace(/\*\*/g, '\u0001').replace(/\*/g, '[^/]*').replace(/\u0001/g, '.*').replace(/\?/g, '.').replace(/\{(\w+)[^}]*\}/g, '([^/]+)')}$`);
  return { pattern, literal: !/[*?{]/.test(pattern), variables, match(d) { const m = re.exec(d); return m === null ? undefined : new Map(variables.map((v, i) => [v, m[i + 1]!])); } };
}
export function compareSpecificity(a: DestinationPattern, b: DestinationPattern): number { return a.variables.length - b.variables.length || b.pattern.length - a.pattern.length; }
export function combineDestinations(a: string, b: string, _separator: '/' | '.'): string { return a + (b.startsWith('/') || b === '' ? b : `/${b}`); }
