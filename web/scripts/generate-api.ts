/**
 * Writes src/lib/api/schema.ts from the API's OpenAPI document.
 *
 *   npm run generate:api [path/to/openapi.json]
 *
 * The default is the snapshot that the Rust tests keep beside the `api` crate.
 */
import { writeFile } from 'node:fs/promises';
import { OPENAPI_DOCUMENT, SCHEMA_FILE, renderSchema } from './api-schema.ts';

const source = process.argv[2] ?? OPENAPI_DOCUMENT;
await writeFile(SCHEMA_FILE, await renderSchema(source));
console.log(`${SCHEMA_FILE} written from ${source}`);
