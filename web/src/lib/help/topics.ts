import { m } from '#lib/paraglide/messages.js';

export interface Topic {
  slug: string;
  title: () => string;
}

/** The help pages, in the order in which they are listed; every page's footer lists them. */
export const TOPICS: readonly Topic[] = [
  { slug: 'stock', title: m.help_stock_title },
  { slug: 'payment', title: m.help_payment_title },
  { slug: 'delivery', title: m.help_delivery_title },
  { slug: 'returns', title: m.help_returns_title },
  { slug: 'privacy', title: m.help_privacy_title },
];
