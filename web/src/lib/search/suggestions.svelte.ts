import type { SearchSuggestion } from '#lib/api/types.ts';

/** A pause in typing, in milliseconds: every letter of a quick typist is not a question. */
const PAUSE = 150;

/** Fetched when somebody begins to search: most pages are left without it. */
const asking = () => import('./suggest.ts');

/** What may be meant by what is being typed, and which of it is chosen. */
export class Suggestions {
  items = $state.raw<readonly SearchSuggestion[]>([]);
  /** Counted from 0; -1 while none is. */
  chosen = $state(-1);

  #timer: ReturnType<typeof setTimeout> | undefined;
  /** The question whose answer is waited for; answers to earlier ones come too late. */
  #asked = 0;

  /** Somebody is about to type. */
  prepare(): void {
    asking().catch(() => undefined);
  }

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
    const items = await asking()
      .then(({ suggest }) => suggest(q))
      // A shop that has no time for it is searched without suggestions.
      .catch(() => []);
    if (asked === this.#asked) {
      this.items = items;
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
