import { tick } from 'svelte';

/**
 * Updates the page and gives the focus back, which Kit takes away after every successful form.
 * False when what had it has gone with the update.
 */
export async function keepFocus(update: () => Promise<void>): Promise<boolean> {
  const focused = document.activeElement;
  await update();
  await tick();
  if (!focused?.isConnected) return false;
  if (focused instanceof HTMLElement) focused.focus({ preventScroll: true });
  return true;
}
