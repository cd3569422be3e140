import { expect, it } from 'vitest';
import { passwordError } from './password.ts';

it.each(['ten chars!', '一二三四五六七八九十', 'a'.repeat(128), '🐂'.repeat(10)])(
  'takes %s',
  (password) => expect(passwordError(password)).toBeUndefined(),
);

it.each(['', 'too short', '🐂'.repeat(9), 'a'.repeat(129)])('refuses %j', (password) =>
  expect(passwordError(password)).toBeTruthy(),
);
