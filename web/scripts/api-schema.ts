import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import openapiTS, { astToString, COMMENT_HEADER, type OpenAPI3 } from 'openapi-typescript';

/** The OpenAPI snapshot that the Rust tests keep up to date. */
export const OPENAPI_DOCUMENT = fileURLToPath(
  new URL('../../crates/api/openapi.json', import.meta.url),
);

/** What is generated from it. */
export const SCHEMA_FILE = fileURLToPath(new URL('../src/lib/api/schema.ts', import.meta.url));

/** The text of `schema.ts` for an OpenAPI document, without writing anything. */
export async function renderSchema(source: string): Promise<string> {
  const document = JSON.parse(await readFile(source, 'utf8')) as OpenAPI3;
  return COMMENT_HEADER + astToString(await openapiTS(document, { alphabetize: true }));
}
