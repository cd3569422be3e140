import type { HandleServerError } from '@sveltejs/kit/hooks';

/** Errors that nobody expected are logged once, here; the visitor learns only what helps. */
export const reportError: HandleServerError = ({ kind, error, event }) => {
  if (kind !== 'unknown') return {};
  const entry = {
    level: 'error',
    message: 'page failed',
    method: event.request.method,
    path: event.url.pathname,
    error: error instanceof Error ? (error.stack ?? error.message) : String(error),
  };
  console.error(JSON.stringify(entry));
  return { code: 'INTERNAL' };
};
