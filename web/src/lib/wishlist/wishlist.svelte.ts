import { createContext } from 'svelte';
import { readList, toggled } from './list.ts';

const KEY = 'oxcart_wishlist';

/** What somebody likes, kept in their own browser and nowhere else. */
export class Wishlist {
  /** The newest first. */
  slugs = $state.raw<readonly string[]>([]);
  /** False on the server, and until the browser's memory has been read. */
  isOpen = $state(false);

  /** Reads the list, and follows what other windows do to it. */
  open(): () => void {
    this.slugs = readList(remembered());
    this.isOpen = true;
    const follow = ({ key, newValue }: StorageEvent) => {
      if (key === KEY || key === null) this.slugs = readList(newValue);
    };
    window.addEventListener('storage', follow);
    return () => window.removeEventListener('storage', follow);
  }

  has(slug: string): boolean {
    return this.slugs.includes(slug);
  }

  toggle(slug: string): void {
    this.#set(toggled(this.slugs, slug));
  }

  forget(gone: readonly string[]): void {
    this.#set(this.slugs.filter((slug) => !gone.includes(slug)));
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

function remembered(): string | null {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null;
  }
}

export const [getWishlist, setWishlist] = createContext<Wishlist>();
