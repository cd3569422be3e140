import { untrack } from 'svelte';
import type { Attachment } from 'svelte/attachments';

/**
 * Whether a person has opened these details before the scripts took over. Svelte sets `open` to what
 * its expression says, and would close them: ask while the component is made, and add it.
 */
export function openedEarly(id: string): boolean {
  const page = globalThis.document as Document | undefined;
  return page?.getElementById(id)?.hasAttribute('open') ?? false;
}

/**
 * Tells what was chosen in a select before the scripts took over. Svelte's `bind:value` heeds that
 * for text fields alone and puts a select back to what the server had rendered.
 *
 * Attach it before the binding does its work, that is, on the select itself.
 */
export function earlyChoice(adopt: (value: string) => void): Attachment<HTMLSelectElement> {
  return (select) => {
    const chosen = select.selectedOptions[0];
    const rendered = [...select.options].find(({ defaultSelected }) => defaultSelected);
    // A select that no server rendered has nothing marked, and nobody can have touched it.
    if (chosen && rendered && chosen !== rendered) untrack(() => adopt(chosen.value));
  };
}
