import { describe, expect, it } from 'vitest';
import {
  formatCountdown,
  formatDateTime,
  formatDay,
  formatSpan,
  formatTime,
  formatWait,
} from './date.ts';

describe('dates', () => {
  it('are told by the shop’s clock, whatever the machine’s', () => {
    expect(formatDateTime('2026-11-20T18:05:00Z', 'zh-TW')).toBe('2026/11/21 02:05');
    expect(formatDateTime('2026-11-20T18:05:00Z', 'en')).toBe('21 Nov 2026, 02:05');
    expect(formatTime('2026-11-20T16:00:00Z')).toBe('00:00');
  });
});

it('tells a day without a time', () => {
  expect(formatDay('2026-12-04', 'zh-TW')).toBe('2026/12/04');
  expect(formatDay('2026-12-04', 'en')).toBe('4 Dec 2026');
});

describe('formatCountdown', () => {
  it.each([
    [1_800_000, '30:00'],
    [61_000, '01:01'],
    [500, '00:01'],
    [0, '00:00'],
    [-5_000, '00:00'],
    [3_725_000, '1:02:05'],
  ])('shows %i ms as %s', (left, expected) => {
    expect(formatCountdown(left)).toBe(expected);
  });
});

it.each([
  [1, '1 秒'],
  [59, '59 秒'],
  [60, '1 分鐘'],
  [61, '2 分鐘'],
  [840, '14 分鐘'],
  [7200, '2 小時'],
  [7201, '3 小時'],
])('tells %i seconds as %s', (seconds, expected) => expect(formatWait(seconds)).toBe(expected));

describe('formatSpan', () => {
  it.each([
    [30, '30 分鐘'],
    [119.9, '119 分鐘'],
    [120, '2 小時'],
    [2879, '47 小時'],
    [2880, '2 天'],
    [8639, '5 天'],
  ])('%d minutes are %s, and never more than they are', (minutes, expected) => {
    expect(formatSpan(minutes)).toBe(expected);
  });
});
