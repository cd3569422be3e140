import { m } from '#lib/paraglide/messages.js';

export interface LegalDocument {
  slug: string;
  title: () => string;
}

/** What a shop in Taiwan has to say; every page's footer lists it. */
export const DOCUMENTS: readonly LegalDocument[] = [
  { slug: 'terms', title: m.legal_terms_title },
  { slug: 'privacy', title: m.legal_privacy_title },
  { slug: 'returns', title: m.legal_returns_title },
];
