import { createClient } from '#lib/api/client.ts';
import { settle } from '#lib/api/problem.ts';
import type { SearchSuggestion } from '#lib/api/types.ts';

/** What the shop believes is meant by the beginning of a search; nothing when it cannot say. */
export async function suggest(q: string): Promise<readonly SearchSuggestion[]> {
  const client = createClient({ fetch: globalThis.fetch, origin: location.origin });
  const result = await settle(client.GET('/api/search/suggest', { params: { query: { q } } }));
  return result.ok ? result.data.items : [];
}
