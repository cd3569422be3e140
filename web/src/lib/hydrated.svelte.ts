import { onMount } from 'svelte';

/** False while the server renders and until scripts have taken over; then true. */
export function hydrated(): { readonly current: boolean } {
  let isHydrated = $state(false);
  onMount(() => {
    isHydrated = true;
  });
  return {
    get current() {
      return isHydrated;
    },
  };
}
