import { m } from '#lib/paraglide/messages.js';

export interface LegalText {
  /** The day of its last change. */
  updated: string;
  lead: () => string;
  sections: readonly { heading: () => string; text: () => string }[];
}

/** The documents themselves, by name; the shop's owner makes them their own. */
export const TEXTS: Readonly<Record<string, LegalText>> = {
  terms: {
    updated: '2026-11-22',
    lead: m.legal_terms_lead,
    sections: [
      { heading: m.legal_terms_h1, text: m.legal_terms_p1 },
      { heading: m.legal_terms_h2, text: m.legal_terms_p2 },
      { heading: m.legal_terms_h3, text: m.legal_terms_p3 },
      { heading: m.legal_terms_h4, text: m.legal_terms_p4 },
      { heading: m.legal_terms_h5, text: m.legal_terms_p5 },
      { heading: m.legal_terms_h6, text: m.legal_terms_p6 },
      { heading: m.legal_terms_h7, text: m.legal_terms_p7 },
    ],
  },
  privacy: {
    updated: '2026-11-22',
    lead: m.legal_privacy_lead,
    sections: [
      { heading: m.legal_privacy_h1, text: m.legal_privacy_p1 },
      { heading: m.legal_privacy_h2, text: m.legal_privacy_p2 },
      { heading: m.legal_privacy_h3, text: m.legal_privacy_p3 },
      { heading: m.legal_privacy_h4, text: m.legal_privacy_p4 },
      { heading: m.legal_privacy_h5, text: m.legal_privacy_p5 },
      { heading: m.legal_privacy_h6, text: m.legal_privacy_p6 },
    ],
  },
  returns: {
    updated: '2026-11-22',
    lead: m.legal_returns_lead,
    sections: [
      { heading: m.legal_returns_h1, text: m.legal_returns_p1 },
      { heading: m.legal_returns_h2, text: m.legal_returns_p2 },
      { heading: m.legal_returns_h3, text: m.legal_returns_p3 },
      { heading: m.legal_returns_h4, text: m.legal_returns_p4 },
      { heading: m.legal_returns_h5, text: m.legal_returns_p5 },
      { heading: m.legal_returns_h6, text: m.legal_returns_p6 },
    ],
  },
};
