import { createClient } from '#lib/api/client.ts';
import { settle } from '#lib/api/problem.ts';
import type { SearchSuggestion } from '#lib/api/types.ts';

/** A pause in typing, in milliseconds: every letter of a quick typist is not a question. */
const PAUSE = 150;

/** What may be meant by what is being typed, and which of it is chosen. */
export class Suggestions {
  items = $state.raw<readonly SearchSuggestion[]>([]);
  /** Counted from 0; -1 while none is. */
  chosen = $state(-1);

  #timer: ReturnType<typeof setTimeout> | undefined;
  /** The question whose answer is waited for; answers to earlier ones come too late. */
  #asked = 0;

  /** Asks, once typing pauses. */
  type(text: string): void {
    clearTimeout(this.#timer);
    const q = text.trim();
    this.#asked += 1;
    if (!q) return this.close();
    const asked = this.#asked;
    this.#timer = setTimeout(() => void this.#ask(q, asked), PAUSE);
  }

  async #ask(q: string, asked: number): Promise<void> {
    const client = createClient({ fetch: globalThis.fetch, origin: location.origin });
    const call = client.GET('/api/search/suggest', { params: { query: { q } } });
    const result = await settle(call);
    // A shop that has no time for it is searched without suggestions.
    if (asked === this.#asked) {
      this.items = result.ok ? result.data.items : [];
      this.chosen = -1;
    }
  }

  /** Goes up or down, round and round; between the last and the first is what was typed. */
  move(by: 1 | -1): void {
    const places = this.items.length + 1;
    this.chosen = ((this.chosen + 1 + by + places) % places) - 1;
  }

  /** Nothing is suggested any more, until more is typed. */
  close(): void {
    clearTimeout(this.#timer);
    this.#asked += 1;
    this.items = [];
    this.chosen = -1;
  }
}
