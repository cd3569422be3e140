import { createContext } from 'svelte';
import { invalidate } from '$app/navigation';
import { MOST_OF_ACCOUNT, readList, toggled } from './list.ts';

const KEY = 'oxcart_wishlist';

/**
 * What somebody likes: a guest's is kept in their own browser and nowhere else; whoever is signed in
 * has it with their account, which the browser's is added to.
 */
export class Wishlist {
  /** The newest first. */
  slugs = $state.raw<readonly string[]>([]);
  /** False on the server, and until the list has been read. */
  isOpen = $state(false);
  /** Nobody, for a guest. */
  #user: string | null = null;
  #isAsking = false;
  /** What is sent to the shop, one after the other. */
  #sent: Promise<unknown> = Promise.resolve();
  readonly #onRefused: () => void;

  /** `onRefused`: a heart could not be kept, and is as it was before. */
  constructor(onRefused: () => void = () => undefined) {
    this.#onRefused = onRefused;
  }

  /** Reads the list of a guest, or of this person, and follows what other windows do to a guest's. */
  open(user: string | null): () => void {
    this.#user = user;
    if (user) {
      // Until it is known, there are no hearts that could be wrong.
      this.isOpen = false;
      this.slugs = [];
      this.#join(user).catch(() => undefined);
      return () => undefined;
    }
    this.slugs = readList(remembered());
    this.isOpen = true;
    const follow = ({ key, newValue }: StorageEvent) => {
      if (key === KEY || key === null) this.slugs = readList(newValue);
    };
    window.addEventListener('storage', follow);
    return () => window.removeEventListener('storage', follow);
  }

  /** With each page: asks once more for an account's list that could not be read. */
  again(): void {
    if (!this.#user || this.isOpen || this.#isAsking) return;
    this.#join(this.#user).catch(() => undefined);
  }

  has(slug: string): boolean {
    return this.slugs.includes(slug);
  }

  toggle(slug: string): void {
    if (this.#user) this.#toggleKept(slug, this.#user);
    else this.#set(toggled(this.slugs, slug));
  }

  forget(gone: readonly string[]): void {
    this.#set(this.slugs.filter((slug) => !gone.includes(slug)));
  }

  /** The account's list, with what the browser kept for a guest, which it then keeps no longer. */
  async #join(user: string): Promise<void> {
    const guest = readList(remembered());
    const slugs = await this.#ask(guest);
    if (!slugs || this.#user !== user) return;
    this.slugs = slugs;
    this.isOpen = true;
    if (guest.length === 0) return;
    forgetRemembered();
    await invalidate('shop:wishlist');
  }

  /** The account's list with a guest's added to it; nothing when the shop cannot be asked. */
  async #ask(guest: readonly string[]): Promise<string[] | null> {
    this.#isAsking = true;
    try {
      const { load, merge } = await import('./account.ts');
      return await (guest.length > 0 ? merge(guest) : load());
    } finally {
      this.#isAsking = false;
    }
  }

  /** Shows the change at once, and takes it back when the shop does not keep it. */
  #toggleKept(slug: string, user: string): void {
    this.slugs = toggled(this.slugs, slug, MOST_OF_ACCOUNT);
    const isOn = this.has(slug);
    this.#sent = this.#sent.then(async () => {
      if (await keep(slug, isOn)) return;
      // Pressed once more meanwhile, it already is as it was.
      if (this.#user !== user || this.has(slug) !== isOn) return;
      this.slugs = toggled(this.slugs, slug, MOST_OF_ACCOUNT);
      this.#onRefused();
    });
  }

  #set(slugs: readonly string[]): void {
    this.slugs = slugs;
    try {
      localStorage.setItem(KEY, JSON.stringify(slugs));
    } catch {
      // Forbidden or full: it lasts as long as the page.
    }
  }
}

/** Whether the shop has it now; not, when not even the means to tell it could be fetched. */
async function keep(slug: string, isOn: boolean): Promise<boolean> {
  try {
    const { put } = await import('./account.ts');
    return await put(slug, isOn);
  } catch {
    return false;
  }
}

function remembered(): string | null {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null;
  }
}

function forgetRemembered(): void {
  try {
    localStorage.removeItem(KEY);
  } catch {
    // Forbidden: then nothing was kept.
  }
}

export const [getWishlist, setWishlist] = createContext<Wishlist>();
