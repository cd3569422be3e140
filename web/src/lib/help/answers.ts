import { m } from '#lib/paraglide/messages.js';

export interface Answer {
  question: () => string;
  answer: () => string;
}

/** What the help pages say, by topic; apart from their list, which is on every page. */
export const ANSWERS: Readonly<Record<string, readonly Answer[]>> = {
  stock: [
    { question: m.help_stock_q1, answer: m.help_stock_a1 },
    { question: m.help_stock_q2, answer: m.help_stock_a2 },
    { question: m.help_stock_q3, answer: m.help_stock_a3 },
  ],
  payment: [
    { question: m.help_payment_q1, answer: m.help_payment_a1 },
    { question: m.help_payment_q2, answer: m.help_payment_a2 },
    { question: m.help_payment_q3, answer: m.help_payment_a3 },
  ],
  delivery: [
    { question: m.help_delivery_q1, answer: m.help_delivery_a1 },
    { question: m.help_delivery_q2, answer: m.help_delivery_a2 },
    { question: m.help_delivery_q3, answer: m.help_delivery_a3 },
  ],
  returns: [
    { question: m.help_returns_q1, answer: m.help_returns_a1 },
    { question: m.help_returns_q2, answer: m.help_returns_a2 },
    { question: m.help_returns_q3, answer: m.help_returns_a3 },
  ],
  privacy: [
    { question: m.help_privacy_q1, answer: m.help_privacy_a1 },
    { question: m.help_privacy_q2, answer: m.help_privacy_a2 },
    { question: m.help_privacy_q3, answer: m.help_privacy_a3 },
  ],
};
