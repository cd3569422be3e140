import { m } from '#lib/paraglide/messages.js';

export interface Topic {
  slug: string;
  title: () => string;
  answers: { question: () => string; answer: () => string }[];
}

/** The help pages, in the order in which they are listed. */
export const TOPICS: readonly Topic[] = [
  {
    slug: 'stock',
    title: m.help_stock_title,
    answers: [
      { question: m.help_stock_q1, answer: m.help_stock_a1 },
      { question: m.help_stock_q2, answer: m.help_stock_a2 },
      { question: m.help_stock_q3, answer: m.help_stock_a3 },
    ],
  },
  {
    slug: 'payment',
    title: m.help_payment_title,
    answers: [
      { question: m.help_payment_q1, answer: m.help_payment_a1 },
      { question: m.help_payment_q2, answer: m.help_payment_a2 },
      { question: m.help_payment_q3, answer: m.help_payment_a3 },
    ],
  },
  {
    slug: 'delivery',
    title: m.help_delivery_title,
    answers: [
      { question: m.help_delivery_q1, answer: m.help_delivery_a1 },
      { question: m.help_delivery_q2, answer: m.help_delivery_a2 },
      { question: m.help_delivery_q3, answer: m.help_delivery_a3 },
    ],
  },
  {
    slug: 'returns',
    title: m.help_returns_title,
    answers: [
      { question: m.help_returns_q1, answer: m.help_returns_a1 },
      { question: m.help_returns_q2, answer: m.help_returns_a2 },
      { question: m.help_returns_q3, answer: m.help_returns_a3 },
    ],
  },
  {
    slug: 'privacy',
    title: m.help_privacy_title,
    answers: [
      { question: m.help_privacy_q1, answer: m.help_privacy_a1 },
      { question: m.help_privacy_q2, answer: m.help_privacy_a2 },
      { question: m.help_privacy_q3, answer: m.help_privacy_a3 },
    ],
  },
];
