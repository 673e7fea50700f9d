// Checks frames with docs/json-protocol.schema.json.
import { readFileSync } from 'node:fs';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';

const schema = JSON.parse(
  readFileSync(new URL('../docs/json-protocol.schema.json', import.meta.url), 'utf8'),
) as { $id: string };
const ajv = new Ajv2020({ allErrors: true, strict: true, strictRequired: false });
ajv.addSchema(schema);

function definition(name: string): ValidateFunction {
  return ajv.getSchema(`${schema.$id}#/$defs/${name}`)!;
}

export const isClientFrame = definition('clientFrame');
export const isServerFrame = definition('serverFrame');
