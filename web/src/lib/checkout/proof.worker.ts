/** Beside the page, so that nobody has to wait for it to scroll. */
import { solve } from './proof.ts';

onmessage = ({ data }: MessageEvent<{ challenge: string; bits: number }>) => {
  postMessage(solve(data.challenge, data.bits));
};
