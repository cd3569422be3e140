/** From the front door to the payment page with nothing but a keyboard. */
import { expect, test, type Page } from '@playwright/test';
import { visit } from './people.ts';
import { DESKTOP, PHONE, setStock } from './shop.ts';

/** What has the focus: whether it can be seen, how large it is, and whether it is shown to have it. */
async function focused(page: Page) {
  return page.evaluate(() => {
    const element = document.activeElement as HTMLElement;
    const box = element.getBoundingClientRect();
    const style = getComputedStyle(element);
    const [x, y] = [box.left + box.width / 2, box.top + box.height / 2];
    const top = document.elementFromPoint(x, y);
    return {
      html: element.outerHTML.slice(0, 160),
      isBody: element === document.body,
      isShown: style.outlineStyle !== 'none' && Number.parseFloat(style.outlineWidth) >= 2,
      // Nothing that stays on the screen may lie over it.
      isCovered: top !== null && top.closest('header') !== null && !element.closest('header'),
    };
  });
}

/** Presses Tab until the focus is where it should be; every stop on the way has to be seen. */
async function walkTo(page: Page, selector: string, most = 60): Promise<void> {
  for (let steps = 0; steps < most; steps += 1) {
    await page.keyboard.press('Tab');
    const at = await focused(page);
    // Radio buttons and the search field show it on what is around them.
    if (!/type="radio"/.test(at.html)) expect(at.isShown, at.html).toBe(true);
    expect(at.isBody, 'the focus is on nothing').toBe(false);
    expect(at.isCovered, at.html).toBe(false);
    if (await page.evaluate((it) => document.activeElement?.matches(it), selector)) return;
  }
  throw new Error(`no Tab leads to ${selector}`);
}

for (const [name, viewport] of [
  ['a desktop', DESKTOP],
  ['a phone', PHONE],
] as const) {
  test.describe(name, () => {
    test.use({ viewport });

    test('browse → product → cart → checkout → payment', async ({ page }) => {
      await setStock(page, 'CANVAS-BACKPACK-2', 6);
      await page.goto('/');
      await page.waitForLoadState('networkidle');
      await page.keyboard.press('Tab');
      await expect(page.getByRole('link', { name: '跳到主要內容' })).toBeFocused();
      await page.keyboard.press('Enter');
      await expect(page.locator('#content')).toBeFocused();
      await walkTo(page, 'a[href="/products"]');
      await page.keyboard.press('Enter');
      await expect(page.getByRole('heading', { level: 1 })).toHaveText('全部商品');

      await walkTo(page, 'a[href="/products/canvas-backpack"]');
      await page.keyboard.press('Enter');
      await expect(page.getByRole('heading', { level: 1 })).toHaveText('帆布後背包');
      await walkTo(page, 'main a[href*="CANVAS-BACKPACK-2"]');
      await page.keyboard.press('Enter');
      await expect(page.getByTestId('stock-note')).toContainText('只剩 6 件');
      // Choosing does not lose one's place.
      await expect(page.locator('main a[href*="CANVAS-BACKPACK-2"]')).toBeFocused();
      await walkTo(page, '[data-testid=add-to-cart]');
      await page.keyboard.press('Enter');
      await expect(page.getByTestId('cart-count')).toHaveText('1');
      await expect(page.getByTestId('announcer')).toHaveText('已加入購物車，現有 1 件');
      await expect(page.getByTestId('add-to-cart')).toBeFocused();
      await walkTo(page, '[data-testid=added] a');
      await page.keyboard.press('Enter');

      await expect(page.getByRole('heading', { level: 1 })).toHaveText('購物車');
      await walkTo(page, '[data-testid=checkout-button]');
      await page.keyboard.press('Enter');
      await expect(page.getByTestId('place-order')).toBeVisible();
      const fields = [
        ['email', 'guest@example.com'],
        ['name', '王小明'],
        ['phone', '0912345678'],
        ['city', undefined],
        ['district', undefined],
        ['address1', '重慶南路一段 122 號'],
      ] as const;
      for (const [field, value] of fields) {
        await walkTo(page, `[data-testid=field-${field}]`);
        if (value) await page.keyboard.type(value);
        else await page.keyboard.press('ArrowDown');
        await expect(page.getByTestId(`field-${field}`)).not.toHaveValue('');
      }
      await walkTo(page, '[data-testid=place-order]');
      await page.keyboard.press('Enter');
      await expect(page.getByTestId('sim-pay')).toBeVisible();
    });
  });
}

test('the menu of a phone opens, closes and gives the focus on', async ({ page }) => {
  await page.setViewportSize(PHONE);
  await visit(page, '/en');
  await walkTo(page, 'header summary', 5);
  await page.keyboard.press('Enter');
  await walkTo(page, '#menu-search', 2);
  await page.keyboard.press('Escape');
  await expect(page.locator('header summary')).toBeFocused();
  await expect(page.locator('#menu-search')).toBeHidden();
});
