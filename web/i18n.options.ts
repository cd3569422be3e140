import type { CompilerOptions } from '@inlang/paraglide-js';

/** One place for the language set-up: the Vite plugin and `npm run messages` share it. */
export const i18n = {
  project: './project.inlang',
  outdir: './src/lib/paraglide',
  // The address decides: zh-TW has no prefix, English lives under /en.
  strategy: ['url', 'baseLocale'],
  emitTsDeclarations: true,
} satisfies CompilerOptions;
