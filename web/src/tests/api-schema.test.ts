import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { OPENAPI_DOCUMENT, renderSchema, SCHEMA_FILE } from '../../scripts/api-schema.ts';

it('schema.ts is what the API’s OpenAPI document says (npm run generate:api)', async () => {
  expect(await readFile(SCHEMA_FILE, 'utf8')).toBe(await renderSchema(OPENAPI_DOCUMENT));
});
