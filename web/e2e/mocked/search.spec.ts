/** Finding things: words, filters in the address, suggestions while typing. */
import { expect, test } from '@playwright/test';
import {
  complaints,
  DESKTOP,
  expectAccessible,
  expectNoSidewaysScroll,
  PHONE,
  VIEWS,
} from './shop.ts';
import { SEARCHES } from './sights.ts';

for (const { name, prefix, viewport } of VIEWS) {
  test.describe(name, () => {
    test.use({ viewport });

    for (const path of SEARCHES) {
      test(`${path} is whole`, async ({ page }) => {
        const found = complaints(page);
        const response = await page.goto(prefix + path);
        expect(response?.status()).toBe(200);
        await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
        await expectNoSidewaysScroll(page);
        await expectAccessible(page);
        expect(found).toEqual([]);
      });
    }
  });
}

test('words looked for in the list are looked for here', async ({ page }) => {
  await page.goto('/en/products?q=bowl&in_stock=true');
  expect(new URL(page.url()).pathname).toBe('/en/search');
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Results for “bowl”');
  await expect(page.getByTestId('search-total')).toHaveText('Products found: 3');
});

test.describe('without scripts', () => {
  test.use({ viewport: DESKTOP, javaScriptEnabled: false });

  test('filters are a form, and live in the address', async ({ page }) => {
    await page.goto('/en/search');
    const filters = page.getByRole('complementary', { name: 'Filter' });
    await filters.getByRole('checkbox', { name: /Forest green/ }).check();
    await filters.getByRole('checkbox', { name: /Charcoal/ }).check();
    await filters.getByRole('button', { name: 'Apply' }).click();
    const params = new URL(page.url()).searchParams;
    expect(params.getAll('option')).toEqual(['colour:forest-green', 'colour:charcoal']);
    await expect(page.getByTestId('search-total')).toHaveText('Products found: 1');
    await expect(filters.getByRole('checkbox', { name: /Forest green/ })).toBeChecked();

    await filters.getByRole('link', { name: /and more/ }).click();
    expect(new URL(page.url()).searchParams.get('min_price')).toBe('2000');
    expect(new URL(page.url()).searchParams.getAll('option')).toHaveLength(2);
    await filters.getByRole('link', { name: 'Clear filters' }).click();
    expect(new URL(page.url()).search).toBe('');
  });

  test('the search field searches', async ({ page }) => {
    await page.goto('/en');
    const field = page.getByRole('banner').getByRole('searchbox');
    await field.fill('teapot');
    await field.press('Enter');
    await expect(page.getByRole('heading', { level: 1 })).toHaveText('Results for “teapot”');
  });
});

test.describe('suggestions', () => {
  test.use({ viewport: DESKTOP });

  test('are chosen with the keyboard', async ({ page }) => {
    await page.goto('/en');
    const field = page.getByRole('banner').getByRole('combobox', { name: 'Search products' });
    await expect(field).toHaveAttribute('aria-expanded', 'false');
    await field.fill('tea');
    const list = page.getByRole('listbox', { name: 'Suggestions' });
    await expect(list.getByRole('option').first()).toContainText('Tea & Coffee');
    await expect(field).toHaveAttribute('aria-expanded', 'true');
    await expectAccessible(page);

    await field.press('ArrowDown');
    await field.press('ArrowDown');
    const second = list.getByRole('option').nth(1);
    await expect(second).toHaveAttribute('aria-selected', 'true');
    await expect(field).toHaveAttribute(
      'aria-activedescendant',
      (await second.getAttribute('id')) ?? '',
    );
    await field.press('Escape');
    await expect(list).toBeHidden();
    await expect(field).toBeFocused();

    await field.pressSequentially('p');
    await expect(list.getByRole('option')).toHaveCount(1);
    await field.press('ArrowUp');
    await field.press('Enter');
    await expect(page.getByRole('heading', { level: 1 })).toHaveText('Round Porcelain Teapot');
    await expect(list).toBeHidden();
  });

  test('Enter searches for what was typed while none is chosen', async ({ page }) => {
    await page.goto('/en');
    const field = page.getByRole('banner').getByRole('combobox', { name: 'Search products' });
    await field.fill('bowl');
    await expect(page.getByRole('option').first()).toBeVisible();
    await field.press('Enter');
    await expect(page.getByRole('heading', { level: 1 })).toHaveText('Results for “bowl”');
  });
});

test.describe('on a phone', () => {
  test.use({ viewport: PHONE });

  test('suggestions are pressed, and nothing found has a way on', async ({ page }) => {
    await page.goto('/search?q=nothing-like-this');
    await expect(page.getByRole('main').getByRole('link', { name: '全部商品' })).toBeVisible();
    await page.getByRole('main').getByRole('combobox').fill('鋼筆');
    await page.getByRole('option', { name: '日常鋼筆' }).click();
    await expect(page.getByRole('heading', { level: 1 })).toHaveText('日常鋼筆');
  });
});
