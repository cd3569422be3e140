import type { HandleClientError } from '@sveltejs/kit/hooks';

/** A navigation that found no server is told apart from a page that failed. */
export const handleError: HandleClientError = ({ kind, error }) => {
  if (kind === 'unknown' && (error instanceof TypeError || !navigator.onLine)) {
    return { status: 503, message: 'Network error', code: 'NETWORK_ERROR' };
  }
  return {};
};
