/**
 * Answers that are costly to find and the same for everybody, kept for a while. Those who ask at
 * the same time wait for one answer; one that failed is not kept. Keys are the caller's to bound.
 */
export class Kept<T> {
  readonly #answers = new Map<string, { until: number; answer: Promise<T> }>();
  readonly #milliseconds: number;

  constructor(milliseconds: number) {
    this.#milliseconds = milliseconds;
  }

  get(key: string, find: () => Promise<T>, now = Date.now()): Promise<T> {
    const known = this.#answers.get(key);
    if (known && known.until > now) return known.answer;
    const answer = find();
    const entry = { until: now + this.#milliseconds, answer };
    this.#answers.set(key, entry);
    answer.catch(() => {
      if (this.#answers.get(key) === entry) this.#answers.delete(key);
    });
    return answer;
  }
}
