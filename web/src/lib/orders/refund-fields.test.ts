import { describe, expect, it } from 'vitest';
import { checkAccount, checkRefund } from './refund-fields.ts';

const good = { bank_code: '812', account_number: '20001234567890', holder: '王小明' };

describe('an account', () => {
  it('is taken with what people write between digits', () => {
    const typed = { bank_code: ' 812 ', account_number: '2000-1234 5678-90', holder: ' 王小明 ' };
    expect(checkAccount(typed)).toEqual({ ok: true, values: good });
    const wide = { ...good, bank_code: '８１２' };
    expect(checkAccount(wide)).toEqual({ ok: true, values: good });
  });

  it.each([
    ['bank_code', '81'],
    ['bank_code', '81200'],
    ['bank_code', 'abc'],
    ['account_number', '1234'],
    ['account_number', '12345678901234567'],
    ['account_number', '12345x'],
    ['holder', '  '],
    ['holder', '長'.repeat(51)],
  ] as const)('is refused with %s %s, and says where', (field, value) => {
    const checked = checkAccount({ ...good, [field]: value });
    expect(checked.ok).toBe(false);
    if (!checked.ok) expect(Object.keys(checked.errors)).toEqual([field]);
  });

  it.each(['8120012', '812'])('has a bank of 3 digits, or 7 with the branch: %s', (bank_code) => {
    expect(checkAccount({ ...good, bank_code }).ok).toBe(true);
  });
});

describe('a request for money back', () => {
  it('needs the account only where the money is transferred', () => {
    const nothing = { reason: '買錯了', bank_code: '', account_number: '', holder: '' };
    expect(checkRefund(nothing, false).ok).toBe(true);
    const checked = checkRefund(nothing, true);
    expect(checked.ok).toBe(false);
    if (!checked.ok) {
      expect(Object.keys(checked.errors)).toEqual(['bank_code', 'account_number', 'holder']);
    }
  });

  it('needs a reason', () => {
    const checked = checkRefund({ reason: ' ', ...good }, false);
    expect(checked.ok ? [] : Object.keys(checked.errors)).toEqual(['reason']);
  });
});
