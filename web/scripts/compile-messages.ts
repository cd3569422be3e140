/** Compiles messages/*.json into src/lib/paraglide, for tools that do not run Vite. */
import { compile } from '@inlang/paraglide-js';
import { i18n } from '../i18n.options.ts';

await compile(i18n);
