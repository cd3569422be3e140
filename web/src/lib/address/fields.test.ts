import { describe, expect, it } from 'vitest';
import { taiwan } from '#lib/server/taiwan.ts';
import { byDefault } from './book.ts';
import { checkAddress, findAddress, fromAddress, toAddress } from './fields.ts';
import { addressLine } from './line.ts';

const cities = taiwan('zh-TW');
const values = {
  name: ' 王小明 ',
  phone: '+886 912-345-678',
  city: '臺北市',
  district: '中正區',
  address1: '重慶南路一段 122 號',
  address2: '',
};
const address = {
  name: '王小明',
  phone: '0912345678',
  postal_code: '100',
  city: '臺北市',
  district: '中正區',
  address1: '重慶南路一段 122 號',
  address2: null,
};

describe('an address', () => {
  it('goes from the form to the API, and back', () => {
    const checked = checkAddress(values, cities);
    if (!checked.ok) throw new Error('refused');
    expect(toAddress(checked.values, cities)).toEqual(address);
    expect(fromAddress(address)).toEqual(checked.values);
  });

  it('needs all but one of its fields, and a district of its city', () => {
    const empty = { name: '', phone: '', city: '', district: '', address1: '', address2: '' };
    const checked = checkAddress(empty, cities);
    expect(checked.ok ? [] : Object.keys(checked.errors).sort()).toEqual(
      ['name', 'phone', 'city', 'district', 'address1'].sort(),
    );
    const mixed = checkAddress({ ...values, district: '板橋區' }, cities);
    expect(mixed.ok ? [] : Object.keys(mixed.errors)).toEqual(['district']);
  });

  it('is found again by what stands in the form', () => {
    const kept = { ...address, id: '1' };
    expect(findAddress([kept], fromAddress(address))).toBe(kept);
    expect(findAddress([kept], { ...fromAddress(address), address1: '別處' })).toBeUndefined();
    expect(findAddress([], fromAddress(address))).toBeUndefined();
  });

  it('is written in one line, as the reader does', () => {
    expect(addressLine(address, cities)).toBe('100 臺北市中正區重慶南路一段 122 號');
    expect(addressLine({ ...address, address2: '3 樓' }, taiwan('en'))).toBe(
      '3 樓, 重慶南路一段 122 號, Zhongzheng District, Taipei City 100',
    );
    expect(addressLine({ ...address, city: '他處', district: '某區' }, taiwan('en'))).toContain(
      '他處',
    );
  });
});

it('the one that is asked for comes first, then the default one', () => {
  const one = (id: string, is_default = false) => ({ ...address, id, is_default });
  const kept = [one('a'), one('b', true), one('c')];
  const order = (asked?: string | null) => byDefault(kept, asked).map(({ id }) => id);
  expect(order()).toEqual(['b', 'a', 'c']);
  expect(order('c')).toEqual(['c', 'b', 'a']);
  expect(order('nobody’s')).toEqual(['b', 'a', 'c']);
});
