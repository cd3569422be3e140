import { createContext } from 'svelte';

/** Says to those who do not see the page what has changed on it. */
export class Announcer {
  text = $state('');

  say(text: string): void {
    // The same words once more are only heard when they differ.
    this.text = text === this.text ? `${text}\u00a0` : text;
  }

  hush(): void {
    this.text = '';
  }
}

export const [getAnnouncer, setAnnouncer] = createContext<Announcer>();
