import { describe, expect, it } from 'vitest';
import { taiwan } from '#lib/server/taiwan.ts';
import { normalizePhone } from '#lib/form/check.ts';
import { checkValues, emptyValues, fromPointers, toRequest } from './fields.ts';

const cities = taiwan('zh-TW');
const good = {
  ...emptyValues(),
  email: ' a@example.com ',
  name: '王小明',
  phone: '0912-345-678',
  city: '臺北市',
  district: '中正區',
  address1: '重慶南路一段 122 號',
  shipping_method: 'home_delivery',
  payment_method: 'ecpay_credit',
};

describe('checkValues', () => {
  it('takes a good form and tidies it', () => {
    const checked = checkValues(good, cities);
    expect(checked).toMatchObject({
      ok: true,
      values: { email: 'a@example.com', phone: '0912345678' },
    });
  });

  it('complains about every empty field that is needed', () => {
    const checked = checkValues(emptyValues(), cities);
    expect(checked.ok ? [] : Object.keys(checked.errors).sort()).toEqual(
      [
        'address1',
        'city',
        'district',
        'email',
        'name',
        'payment_method',
        'phone',
        'shipping_method',
      ].sort(),
    );
  });

  it('refuses a district of another city', () => {
    const checked = checkValues({ ...good, district: '板橋區' }, cities);
    expect(checked.ok ? [] : Object.keys(checked.errors)).toEqual(['district']);
  });

  it.each(['0912345678', '+886912345678', '02-2311-3731', '(04) 2228-9111', '037-123456'])(
    'takes the number %s',
    (phone) => expect(checkValues({ ...good, phone }, cities).ok).toBe(true),
  );

  it.each(['', '12345', '0912', '0112345678', '+1 212 555 0100', 'abcdefghij'])(
    'refuses the number "%s"',
    (phone) => expect(checkValues({ ...good, phone }, cities).ok).toBe(false),
  );
});

it('writes one number in one way', () => {
  expect(normalizePhone('+886 912-345-678')).toBe('0912345678');
});

it('turns the form into the API’s request', () => {
  const total = { amount: 980, currency: 'TWD' } as const;
  const request = toRequest(good, cities, { coupon: 'WELCOME10', total });
  expect(request.shipping_address).toMatchObject({ postal_code: '100', address2: null });
  expect(request).toMatchObject({ coupon_code: 'WELCOME10', expected_total: total });
});

it('puts the API’s complaints beside their fields', () => {
  expect(
    fromPointers([
      { pointer: '/contact/phone', detail: 'first' },
      { pointer: '/shipping_address/phone', detail: 'second' },
      { pointer: '/items/0/quantity', detail: 'elsewhere' },
    ]),
  ).toEqual({ phone: 'first' });
});
