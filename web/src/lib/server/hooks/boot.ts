import { createHash } from 'node:crypto';
import type { Handle } from '@sveltejs/kit/hooks';

/** As Kit writes it into the head; no text on a page can look like it. */
const SCRIPT = /\s*<link href="([^"<>]*)" rel="modulepreload">/g;
/** The one script in the page, which fetches the others. */
const BOOT = /<script>([^]*?)<\/script>/;
const FETCH = /\bimport\("[^"]*"\)(?=\.then\()/;
/** A page that is looked away from at once is never painted. */
const PATIENCE_MS = 3_000;

/** A page whose scripts are fetched once there is something to see, and how its policy changes. */
export interface Patient {
  html: string;
  /** The sources of the page's own script, before and now. */
  source?: { before: string; now: string };
}

/**
 * Pages are whole without their scripts, and work. So scripts do not compete with style sheet and
 * pictures for a telephone's line, nor for its processor: they are fetched, all at once, when the
 * browser has painted what there is. A page of another shape than expected stays as it is.
 */
export function scriptsLast(html: string): Patient {
  const files = [...html.matchAll(SCRIPT)].map(([, href]) => href);
  const before = BOOT.exec(html)?.[1];
  if (before === undefined || !FETCH.test(before)) return { html };
  const now = before.replace(FETCH, (start) => afterPaint(files, start));
  return {
    html: html.replace(SCRIPT, '').replace(BOOT, () => `<script>${now}</script>`),
    source: { before: sourceOf(before), now: sourceOf(now) },
  };
}

const afterPaint = (
  files: readonly (string | undefined)[],
  start: string,
) => `new Promise((shown) => {
						if (document.visibilityState === "hidden") return shown();
						requestAnimationFrame(() => setTimeout(shown));
						setTimeout(shown, ${PATIENCE_MS});
					}).then(() => {
						for (const href of ${JSON.stringify(files)}) {
							const link = document.createElement("link");
							document.head.append(Object.assign(link, { rel: "modulepreload", fetchPriority: "low", href }));
						}
						return ${start};
					})`;

const sourceOf = (script: string) =>
  `'sha256-${createHash('sha256').update(script).digest('base64')}'`;

export const bootHandle: Handle = async ({ event, resolve }) => {
  let source: Patient['source'];
  const response = await resolve(event, {
    transformPageChunk: ({ html: chunk }) => {
      const patient = scriptsLast(chunk);
      source = patient.source ?? source;
      return patient.html;
    },
  });
  const policy = response.headers.get('content-security-policy');
  if (policy && source) {
    response.headers.set('content-security-policy', policy.replace(source.before, source.now));
  }
  return response;
};
