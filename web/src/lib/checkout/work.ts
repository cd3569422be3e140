/** What `GET /api/challenge` answers. */
interface Challenge {
  challenge: string;
  bits: number;
  expires_at: string;
}

interface Answer {
  /** Empty where no work is asked for. */
  proof: string;
  /** When it is too old, in milliseconds. */
  until: number;
}

const NONE: Answer = { proof: '', until: Infinity };
/** The order has to get there, too. */
const MARGIN_MS = 20_000;

/**
 * Work that the shop may ask for before an order. It is begun when the form is shown, so that it is
 * done by the time the form is sent.
 */
export class Work {
  #answer: Promise<Answer>;
  readonly #begin: () => Promise<Answer>;

  constructor(begin: () => Promise<Answer> = ask) {
    this.#begin = begin;
    this.#answer = begin();
  }

  /** What to send along; another answer when this one would come too late. */
  async take(): Promise<string> {
    const answer = await this.#answer;
    if (answer.until > Date.now()) return answer.proof;
    this.renew();
    return (await this.#answer).proof;
  }

  /** An answer counts for one order: the next one needs another. */
  renew(): void {
    this.#answer = this.#begin();
  }
}

/** Whatever goes wrong here, the shop says so when the order is sent. */
async function ask(): Promise<Answer> {
  try {
    const response = await fetch('/api/challenge');
    if (!response.ok) return NONE;
    const { challenge, bits, expires_at } = (await response.json()) as Challenge;
    if (bits === 0) return NONE;
    return { proof: await solveAside(challenge, bits), until: Date.parse(expires_at) - MARGIN_MS };
  } catch {
    return NONE;
  }
}

function solveAside(challenge: string, bits: number): Promise<string> {
  const worker = new Worker(new URL('./proof.worker.ts', import.meta.url), { type: 'module' });
  return new Promise<string>((resolve, reject) => {
    worker.onmessage = ({ data }: MessageEvent<string>) => resolve(data);
    worker.onerror = () => reject(new Error('the worker failed'));
    worker.postMessage({ challenge, bits });
  }).finally(() => worker.terminate());
}
