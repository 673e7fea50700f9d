// The content type of a message, taken apart.

export interface MediaType {
  /** In lower case, without parameters: `application/json`. */
  readonly name: string;
  /** In lower case; undefined when nothing is said. */
  readonly charset: string | undefined;
}

const charsetParameter = /;\s*charset\s*=\s*"?([^\s;"]+)/i;

/** What nearly every message says, ready. */
const common = new Map(
  ['application/json', 'text/plain', 'text/plain;charset=UTF-8', 'application/octet-stream'].map(
    (contentType) => [contentType, parse(contentType)],
  ),
);

export function mediaTypeOf(contentType: string): MediaType {
  return common.get(contentType) ?? parse(contentType);
}

/** JSON and what is built on it (`application/problem+json`). */
export function isJson({ name }: MediaType): boolean {
  return name === 'application/json' || (name.startsWith('application/') && name.endsWith('+json'));
}

/** Whether text of this type is UTF-8, of which ASCII is a part. */
export function isUnicode({ charset }: MediaType): boolean {
  return (
    charset === undefined || charset === 'utf-8' || charset === 'utf8' || charset === 'us-ascii'
  );
}

function parse(contentType: string): MediaType {
  const end = contentType.indexOf(';');
  const name = (end < 0 ? contentType : contentType.slice(0, end)).trim().toLowerCase();
  return {
    name,
    charset: end < 0 ? undefined : charsetParameter.exec(contentType)?.[1]?.toLowerCase(),
  };
}
