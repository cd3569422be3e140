import { onMount } from 'svelte';
import { page } from '$app/state';
import type { Product } from '#lib/api/types.ts';

const EVERY_MS = 60_000;
/** Everybody opened the page at the same moment; they need not all ask at the same moment. */
const SPREAD_MS = 15_000;
/** Who only looked away for a moment has missed nothing. */
const AWAY_MS = 5_000;

/** Nothing when it cannot be learned. The client is fetched when it is first needed. */
async function productNow(slug: string): Promise<Product | undefined> {
  try {
    const { createClient } = await import('#lib/api/client.ts');
    const client = createClient({ fetch: window.fetch, origin: page.url.origin });
    const { data } = await client.GET('/api/products/{id}', { params: { path: { id: slug } } });
    return data;
  } catch {
    return undefined;
  }
}

/**
 * A product as it stands now: asked for again while somebody looks at it, and when they come back
 * to it. When that fails, what was known is shown on. What the page itself loads always wins.
 */
export function liveProduct(loaded: () => Product): { readonly current: Product } {
  let fresh = $state.raw<{ since: Product; product: Product }>();

  onMount(() => {
    let asked = Date.now();
    let timer: ReturnType<typeof setTimeout> | undefined;
    let isGone = false;

    async function ask() {
      clearTimeout(timer);
      asked = Date.now();
      const since = loaded();
      if (document.visibilityState === 'visible') {
        const product = await productNow(since.slug);
        if (product && !isGone) fresh = { since, product };
      }
      if (!isGone) timer = setTimeout(ask, EVERY_MS + Math.random() * SPREAD_MS);
    }
    function comeBack() {
      const wasAway = Date.now() - asked > AWAY_MS;
      if (document.visibilityState === 'visible' && wasAway) void ask();
    }

    timer = setTimeout(ask, EVERY_MS + Math.random() * SPREAD_MS);
    document.addEventListener('visibilitychange', comeBack);
    return () => {
      isGone = true;
      clearTimeout(timer);
      document.removeEventListener('visibilitychange', comeBack);
    };
  });

  return {
    get current() {
      const now = loaded();
      return fresh?.since === now ? fresh.product : now;
    },
  };
}
