import { access } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { FILES } from '../../chunks.ts';

it('cuts scripts at modules that are there', async () => {
  const named = Object.values(FILES).flat();
  const isThere = await Promise.all(
    named.map((module) =>
      access(new URL(`../../${module}`, import.meta.url)).then(
        () => true,
        () => false,
      ),
    ),
  );
  expect(named.filter((_, at) => !isThere[at])).toEqual([]);
});
