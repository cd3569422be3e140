/** What the clocks of the mock, the storefront and the browser say while pictures are taken. */
export const NOW = '2026-11-20T02:30:00Z';
