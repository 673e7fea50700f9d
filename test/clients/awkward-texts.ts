// Texts that transports of text are likely to change.

export const awkwardTexts: readonly string[] = [
  '',
  'plain',
  ' leading and trailing ',
  'lines\nand\r\nmore\r',
  'tab\t and vertical tab \u000b',
  Array.from({ length: 32 }, (_, code) => String.fromCharCode(code)).join(''),
  '\u007f\u0080\u009f\u00ad',
  'é ñ ß 中文 العربية',
  '\u2028 and \u2029',
  '\u200b\u200e\u202e\u2066\ufeff',
  '\ufff0\ufffe\uffff',
  '😀 👨‍👩‍👧 🇪🇺',
  '\ud800 and \udfff alone',
  '\udc00\ud800 in the wrong order',
  '</script><script>alert(1)</script><!--',
  `"quotes" 'and' \\ backslashes \\" \\n`,
  '100 % %25 %0A %zz + &amp; &lt;',
  '["an array"]',
  'x'.repeat(64 * 1024),
  'SEND\ndestination:/topic/a\ncontent-length:3\n\na\0b\0\nMESSAGE\n\n\0',
];
