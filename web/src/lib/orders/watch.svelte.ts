import { invalidate } from '$app/navigation';
import { href } from '#lib/i18n/text.ts';

const FIRST_MS = 1_500;
const LONGEST_MS = 10_000;

/**
 * Keeps an order's page up to date: told by the server's event stream, and asking by itself, ever
 * less often, because a stream may be cut off on the way without anybody noticing.
 */
export function watchOrder(id: string): () => void {
  let timer: ReturnType<typeof setTimeout>;
  let wait = FIRST_MS;

  const refresh = () => invalidate('shop:order').catch(() => undefined);
  const schedule = () => {
    timer = setTimeout(async () => {
      if (!document.hidden) await refresh();
      wait = Math.min(wait * 1.3, LONGEST_MS);
      schedule();
    }, wait);
  };

  const events = new EventSource(href(`/orders/${id}/events`));
  events.addEventListener('order', refresh);
  schedule();
  return () => {
    clearTimeout(timer);
    events.close();
  };
}
