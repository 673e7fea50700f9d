// Parses the content type of a message.

/** A parsed content type. */
export interface MediaType {
  /** In lower case, without parameters: `application/json`. */
  readonly name: string;
  /** In lower case; undefined without a charset parameter. */
  readonly charset: string | undefined;
  /** True for JSON and for formats based on it, such as `application/problem+json`. */
  readonly json: boolean;
  /** True when text of this type is UTF-8 or ASCII, which is a subset of it. */
  readonly unicode: boolean;
}

const charsetParameter = /;\s*charset\s*=\s*"?([^\s;"]+)/i;

/** Cached, because nearly all messages have one of these content types. */
const common = new Map(
  ['application/json', 'text/plain', 'text/plain;charset=UTF-8', 'application/octet-stream'].map(
    (contentType) => [contentType, parse(contentType)],
  ),
);

export function mediaTypeOf(contentType: string): MediaType {
  return common.get(contentType) ?? parse(contentType);
}

function parse(contentType: string): MediaType {
  const end = contentType.indexOf(';');
  const name = (end < 0 ? contentType : contentType.slice(0, end)).trim().toLowerCase();
  const charset = end < 0 ? undefined : charsetParameter.exec(contentType)?.[1]?.toLowerCase();
  return {
    name,
    charset,
    json:
      name === 'application/json' || (name.startsWith('application/') && name.endsWith('+json')),
    unicode:
      charset === undefined || charset === 'utf-8' || charset === 'utf8' || charset === 'us-ascii',
  };
}
