import { describe, expect, it } from 'vitest';
import { taiwan } from '#lib/server/taiwan.ts';
import { districtsOf, postalCode } from './postal.ts';

const cities = taiwan('zh-TW');

describe('postal codes', () => {
  it.each([
    ['臺北市', '中正區', '100'],
    ['基隆市', '中正區', '202'],
    ['新北市', '板橋區', '220'],
    ['臺中市', '西屯區', '407'],
    ['高雄市', '前鎮區', '806'],
    ['金門縣', '金城鎮', '893'],
  ])('knows %s%s', (city, district, code) => {
    expect(postalCode(cities, city, district)).toBe(code);
  });

  it('knows no district of another city', () => {
    expect(postalCode(cities, '臺北市', '板橋區')).toBeUndefined();
    expect(postalCode(cities, '', '中正區')).toBeUndefined();
    expect(districtsOf(cities, '東京都')).toEqual([]);
  });

  it('has all twenty-two cities and counties, each code of three digits', () => {
    expect(cities).toHaveLength(22);
    const codes = cities.flatMap(({ districts }) => districts.map((d) => d.postalCode));
    expect(codes.every((code) => /^\d{3}$/.test(code))).toBe(true);
    expect(codes.length).toBeGreaterThan(360);
  });

  it('has an English label for every place, under the same names', () => {
    const english = taiwan('en');
    expect(english.map(({ name }) => name)).toEqual(cities.map(({ name }) => name));
    const labels = english.flatMap(({ label, districts }) => [
      label,
      ...districts.map((district) => district.label),
    ]);
    expect(labels.filter((label) => /\p{Script=Han}/u.test(label))).toEqual([]);
  });
});
