import { expect, it } from 'vitest';
import { errorMessage } from './messages.ts';
import { settle, toFailure } from './problem.ts';

it('reads how long to wait, where the shop said so', async () => {
  const response = new Response(null, { status: 429, headers: { 'retry-after': '840' } });
  const result = await settle(Promise.resolve({ error: { code: 'RATE_LIMITED' }, response }));
  if (result.ok) throw new Error('not a refusal');
  expect(result.failure).toMatchObject({ status: 429, code: 'RATE_LIMITED', retryAfter: 840 });
});

it.each([null, '', 'soon', '-1', '1.5', 'Fri, 21 Nov 2026 00:00:00 GMT', '99999999'])(
  'does not take %j for a number of seconds',
  (header) => expect(toFailure({}, 429, header).retryAfter).toBeNull(),
);

it('says how long to wait only of what the wait ends', () => {
  expect(errorMessage('RATE_LIMITED', '', 90)).toContain('2 分鐘');
  expect(errorMessage('RATE_LIMITED', '', null)).toBe('操作過於頻繁，請稍後再試');
  expect(errorMessage('SERVICE_UNAVAILABLE', '', 90)).not.toContain('分鐘');
});
