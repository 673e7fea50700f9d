// A Vite plugin that reports each function of the sources when it is entered.
import { fileURLToPath } from 'node:url';
import { parseAst, type Plugin } from 'vite';

/** Name of the global function that instrumented code calls with the file and the name of the entered function. */
export const reporter = '__functionEntered';

const folder = fileURLToPath(new URL('../../src/', import.meta.url)).replaceAll('\\', '/');

/** Instruments the files in `src/`, after TypeScript has been compiled to JavaScript. */
export function instrumentSources(): Plugin {
  return {
    name: 'instrument-sources',
    enforce: 'post',
    transform(code, id) {
      const path = id.split('?', 1)[0]!.replaceAll('\\', '/');
      if (!path.startsWith(folder)) return undefined;
      return { code: instrument(code, path.slice(folder.length)), map: null };
    },
  };
}

interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [property: string]: unknown;
}

interface Insertion {
  readonly at: number;
  readonly text: string;
}

/** Returns the code with a call of the reporter at the start of each function. */
export function instrument(code: string, file: string): string {
  const insertions: Insertion[] = [];
  visit(parseAst(code) as unknown as Node, undefined, 'module');
  let result = '';
  let copied = 0;
  for (const { at, text } of insertions.toSorted((a, b) => a.at - b.at)) {
    result += code.slice(copied, at) + text;
    copied = at;
  }
  return result + code.slice(copied);

  function visit(node: Node, parent: Node | undefined, enclosing: string): void {
    let name = enclosing;
    if (/^(?:Function(?:Declaration|Expression)|ArrowFunctionExpression)$/.test(node.type)) {
      const ownName = nameOf(node, parent, enclosing);
      insertCall(node['body'] as Node, ownName ?? `callback in ${enclosing}`);
      name = ownName ?? enclosing;
    } else if (/^Class(?:Declaration|Expression)$/.test(node.type)) {
      name = identifier(node['id']) ?? identifier(parent?.['id']) ?? 'class';
    }
    for (const child of Object.values(node).flat()) {
      if (isNode(child)) visit(child, node, name);
    }
  }

  function insertCall(body: Node, name: string): void {
    const call = `${reporter}(${JSON.stringify(file)}, ${JSON.stringify(name)})`;
    if (body.type === 'BlockStatement') {
      insertions.push({ at: body.start + 1, text: ` ${call};` });
    } else {
      insertions.push({ at: body.start, text: `(${call}, ` }, { at: body.end, text: ')' });
    }
  }
}

/** Returns undefined for a callback, which has no name. */
function nameOf(node: Node, parent: Node | undefined, enclosing: string): string | undefined {
  if (parent?.type === 'MethodDefinition') {
    if (parent['kind'] === 'constructor') return `new ${enclosing}`;
    const prefix = parent['kind'] === 'method' ? '' : `${String(parent['kind'])} `;
    return `${prefix}${identifier(parent['key']) ?? 'method'}`;
  }
  if (parent?.type === 'AssignmentExpression') {
    const left = parent['left'] as Node;
    return identifier(left['property']) ?? identifier(left);
  }
  const own = identifier(node['id']);
  if (own !== undefined) return own;
  const declared = parent?.type === 'VariableDeclarator' ? parent['id'] : undefined;
  const isValue = parent?.['value'] === node;
  return identifier(declared ?? (isValue ? parent['key'] : undefined));
}

function identifier(node: unknown): string | undefined {
  if (!isNode(node)) return undefined;
  if (node.type === 'Identifier') return node['name'] as string;
  if (node.type === 'PrivateIdentifier') return `#${node['name'] as string}`;
  if (node.type === 'Literal') return String(node['value']);
  return undefined;
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value && 'start' in value;
}
