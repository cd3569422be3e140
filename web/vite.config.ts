import adapter from '@sveltejs/adapter-node';
import { sveltekit } from '@sveltejs/kit/vite';
import { paraglideVitePlugin } from '@inlang/paraglide-js';
import tailwindcss from '@tailwindcss/vite';
import { defineConfig } from 'vite';
import { codeSplitting } from './chunks.ts';
import { i18n } from './i18n.options.ts';

export default defineConfig({
  plugins: [
    tailwindcss(),
    paraglideVitePlugin(i18n),
    sveltekit({
      adapter: adapter({ precompress: true }),
      compilerOptions: {
        runes: ({ filename }) => (/[/\\]node_modules[/\\]/.test(filename) ? undefined : true),
      },
      csp: {
        // Not nonces: a page that is kept for many would give them all the same one (ADR 0030).
        mode: 'hash',
        directives: {
          'default-src': ['self'],
          'script-src': ['self'],
          'style-src': ['self'],
          // One attribute in all: Kit positions its route announcer with it (src/tests/csp.test.ts).
          'style-src-attr': [
            'unsafe-hashes',
            'sha256-S8qMpvofolR8Mpjy4kQvEm7m1q8clzU4dfDH0AmvZjo=',
          ],
          'img-src': ['self', 'data:'],
          'font-src': ['self'],
          'connect-src': ['self'],
          'object-src': ['none'],
          'base-uri': ['none'],
          'frame-ancestors': ['none'],
          'form-action': ['self'],
        },
      },
    }),
  ],
  environments: {
    client: { build: { rolldownOptions: { output: { codeSplitting } } } },
  },
  server: {
    proxy: {
      // `vite dev` beside a running API: the browser's own calls and the pictures.
      '/api': process.env.OXCART_API_URL ?? 'http://127.0.0.1:8080',
      '/media': process.env.OXCART_API_URL ?? 'http://127.0.0.1:8080',
    },
  },
});
