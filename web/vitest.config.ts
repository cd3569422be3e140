import { defineConfig } from 'vitest/config';

// Units only: no plugins, so that they start at once. `npm test` compiles the messages before.
export default defineConfig({
  test: { include: ['src/**/*.test.ts'], environment: 'node' },
});
