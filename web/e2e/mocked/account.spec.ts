/** What people do with their accounts, and what must not happen meanwhile. */
import { readFile } from 'node:fs/promises';
import { expect, test, type Page } from '@playwright/test';
import {
  address,
  enter,
  fillLogin,
  HOME,
  newAccount,
  otherDevice,
  PASSWORD,
  submit,
  visit,
  WORK,
} from './people.ts';
import { addToCart } from './shop.ts';

async function fillAddress(page: Page, street: string): Promise<void> {
  await page.getByTestId('field-name').fill('陳美華');
  await page.getByTestId('field-phone').fill('0912-345-678');
  await page.getByTestId('field-city').selectOption('高雄市');
  await page.getByTestId('field-district').selectOption('前鎮區');
  await page.getByTestId('field-address1').fill(street);
  await page.getByTestId('save-address').click();
}

test('whoever is not signed in does that first, and comes back', async ({ page }) => {
  const email = await newAccount(page);
  await page.goto('/account/security');
  await expect(page).toHaveURL(/\/login\?next=%2Faccount%2Fsecurity$/);
  await fillLogin(page, email);
  await expect(page).toHaveURL(/\/account\/security$/);
});

test('changes the name and the telephone', async ({ page }) => {
  await enter(page);
  await visit(page, '/account/profile');
  await page.getByTestId('field-name').fill('王大明');
  await page.getByTestId('field-phone').fill('12345');
  await submit(page);
  await expect(page.getByTestId('field-phone')).toBeFocused();
  await expect(page.getByTestId('field-phone')).toHaveAccessibleDescription(/台灣的手機/);
  await page.getByTestId('field-phone').fill('+886 912-345-678');
  await submit(page);
  await expect(page.getByTestId('saved')).toBeVisible();
  await expect(page.getByTestId('field-phone')).toHaveValue('0912345678');
  await page.goto('/account');
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('王大明，你好');
});

test('changes the password; a wrong one is sent once, and the session lives on', async ({
  page,
}) => {
  const email = await enter(page);
  await otherDevice(page, email);
  const refreshed = async () =>
    (await page.context().cookies()).find(({ name }) => name === 'oxcart_refresh')?.value;
  const before = await refreshed();
  await visit(page, '/account/password');
  await page.getByTestId('field-current-password').fill('not my password');
  await page.getByTestId('field-new-password').fill('a new password');
  await submit(page);
  const current = page.getByTestId('field-current-password');
  await expect(current).toBeFocused();
  await expect(current).toHaveAccessibleDescription('密碼不正確');
  expect(await refreshed()).toBe(before);

  await current.fill(PASSWORD);
  await page.getByTestId('field-new-password').fill('password1234');
  await submit(page);
  await expect(page.getByTestId('field-new-password')).toHaveAccessibleDescription(/換一組/);
  await page.getByTestId('field-new-password').fill('a new password');
  await submit(page);
  await expect(page).toHaveURL(/\/account\?notice=password_changed$/);
  await expect(page.getByTestId('notice')).toContainText('其他裝置都已登出');
  await visit(page, '/account/security');
  await expect(page.getByTestId('session')).toHaveCount(1);
});

test('keeps addresses: adds, edits, prefers and deletes them', async ({ page }) => {
  await enter(page);
  await page.goto('/account/addresses');
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('還沒有常用地址');
  await page.getByRole('link', { name: '新增地址' }).click();
  await page.getByTestId('save-address').click();
  await expect(page.getByTestId('field-phone')).toBeFocused();
  await expect(page.getByTestId('field-name')).toHaveValue('王小明');

  await fillAddress(page, 'refused 路 1 號');
  await expect(page.getByTestId('field-address1')).toBeFocused();
  await expect(page.getByTestId('field-address1')).toHaveAccessibleDescription(
    '請輸入完整的街道地址',
  );
  await fillAddress(page, '中山二路 2 號');
  await expect(page).toHaveURL(/\/account\/addresses\?notice=address_saved$/);
  await expect(page.getByTestId('address')).toContainText('806 高雄市前鎮區中山二路 2 號');

  await page.getByRole('link', { name: '新增地址' }).click();
  await page.getByTestId('field-default').check();
  await fillAddress(page, '成功二路 25 號');
  await expect(page.getByTestId('address').first()).toContainText('預設');
  await expect(page.getByTestId('address').first()).toContainText('成功二路');

  await page.getByRole('link', { name: /^編輯：.*中山二路/ }).click();
  await expect(page.getByTestId('field-district')).toHaveValue('前鎮區');
  await expect(page.getByTestId('field-postal-code')).toHaveValue('806');
  await page.getByTestId('field-city').selectOption('臺北市');
  await page.getByTestId('field-district').selectOption('大安區');
  await page.getByTestId('save-address').click();
  await expect(page.getByTestId('address').last()).toContainText('106 臺北市大安區中山二路 2 號');

  await page.getByRole('button', { name: /^設為預設：106/ }).click();
  await expect(page.getByTestId('address').first()).toContainText('106 臺北市大安區');
  const first = page.getByTestId('address').first();
  await first.locator('summary').click();
  await page.getByRole('button', { name: '確定刪除' }).click();
  await expect(page.getByTestId('removed')).toBeVisible();
  await expect(page.getByTestId('address')).toHaveCount(1);
});

test('nobody can edit an address that is not theirs', async ({ page }) => {
  await enter(page, { addresses: [HOME] });
  const answer = await page.goto('/account/addresses/work');
  expect(answer?.status()).toBe(404);
});

test('turns the second factor on and off', async ({ page }) => {
  await enter(page);
  await visit(page, '/account/security');
  await page.getByTestId('field-password').fill('wrong');
  await submit(page);
  await expect(page.getByTestId('field-password')).toHaveAccessibleDescription('密碼不正確');
  await page.getByTestId('field-password').fill(PASSWORD);
  await submit(page);
  const setup = page.getByTestId('second-factor-setup');
  await expect(setup.getByTestId('secret')).toHaveText('JBSW Y3DP EHPK 3PXP JBSW Y3DP EHPK 3PXP');
  await expect(setup.getByTestId('otpauth')).toHaveAttribute('href', /^otpauth:\/\/totp\/Oxcart:/);
  await expect(setup.getByRole('img', { name: /QR Code/ })).toBeVisible();
  await page.getByTestId('field-code').fill('000000');
  await submit(page);
  await expect(page.getByTestId('field-code')).toBeFocused();
  await expect(setup.getByTestId('secret')).toBeVisible();
  await page.getByTestId('field-code').fill('123 456');
  await submit(page);
  await expect(page.getByTestId('recovery-codes').getByRole('listitem')).toHaveCount(10);
  await expect(page.getByTestId('second-factor-state')).toHaveText('已開啟');
  await page.getByRole('link', { name: '我存好了' }).click();
  await expect(page.getByTestId('recovery-codes')).toHaveCount(0);
  await expect(page.getByText('還有 10 組備用碼可用')).toBeVisible();

  await page.getByText('產生新的備用碼').first().click();
  await page.locator('#renew-code').fill('123456');
  await page.getByRole('button', { name: '產生新的備用碼' }).click();
  await expect(page.getByTestId('recovery-codes')).toBeFocused();
  await page.getByRole('link', { name: '我存好了' }).click();

  await page.getByText('關閉兩步驟驗證').first().click();
  await page.getByTestId('field-password').fill(PASSWORD);
  await page.locator('#disable-code').fill('000000');
  await page.getByRole('button', { name: '關閉兩步驟驗證' }).click();
  await expect(page.locator('#disable-code')).toHaveAccessibleDescription('密碼或驗證碼不正確');
  await page.locator('#disable-code').fill('k7pm5-w2xqr');
  await page.getByRole('button', { name: '關閉兩步驟驗證' }).click();
  await expect(page.getByTestId('second-factor-state')).toHaveText('未開啟');
});

test('copies the recovery codes', async ({ page, context }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await enter(page);
  await visit(page, '/account/security');
  await page.getByTestId('field-password').fill(PASSWORD);
  await submit(page);
  await page.getByTestId('field-code').fill('123456');
  await submit(page);
  await page.getByRole('button', { name: '複製備用碼' }).click();
  await expect(page.getByText('已複製')).toBeVisible();
  const copied = await page.evaluate(() => navigator.clipboard.readText());
  expect(copied.split('\n')).toHaveLength(10);
});

test('sees its devices, signs one out, then all', async ({ page }) => {
  const email = await enter(page);
  await otherDevice(page, email);
  await visit(page, '/account/security');
  await expect(page.getByTestId('session')).toHaveCount(2);
  await expect(page.getByTestId('session').first()).toContainText('這台裝置');
  await expect(page.getByTestId('session').last()).toContainText('Safari・iPhone');
  await expect(page.getByTestId('session').first().locator('summary')).toHaveCount(0);
  await page.getByTestId('session').last().locator('summary').click();
  await page.getByRole('button', { name: '確定登出' }).click();
  await expect(page.getByTestId('session-ended')).toBeVisible();
  await expect(page.getByTestId('session')).toHaveCount(1);

  await page.getByText('登出所有裝置').click();
  await page.getByRole('button', { name: '全部登出' }).click();
  await expect(page).toHaveURL(/\/login\?notice=signed_out$/);
  await page.goto('/account');
  await expect(page).toHaveURL(/\/login\?next=/);
});

test('keys are for people who work here', async ({ page }) => {
  await enter(page);
  await expect(page.getByRole('link', { name: 'API 金鑰' })).toHaveCount(0);
  expect((await page.goto('/account/api-keys'))?.status()).toBe(404);
});

test('makes a key, sees it once, and revokes it', async ({ page }) => {
  await enter(page, { roles: ['ops'] });
  await visit(page, '/account/api-keys');
  await expect(page.getByText('還沒有金鑰。')).toBeVisible();
  await page.getByTestId('field-name').fill('倉庫同步');
  await submit(page);
  await expect(page.getByText('請至少選一項')).toBeVisible();
  await expect(page.getByRole('checkbox', { name: '看商品' })).toBeFocused();
  await page.getByRole('checkbox', { name: '指派角色' }).check();
  await submit(page);
  await expect(page.getByText('這裡有你自己也不能做的事')).toBeVisible();
  await page.getByRole('checkbox', { name: '指派角色' }).uncheck();
  await page.getByRole('checkbox', { name: '異動庫存' }).check();
  await submit(page);
  await expect(page.getByTestId('new-key')).toBeFocused();
  const key = (await page.getByTestId('key').textContent())?.trim() ?? '';
  expect(key).toMatch(/^oxk_/);
  await expect(page.getByTestId('field-name')).toHaveValue('');
  await expect(page.getByRole('checkbox', { name: '異動庫存' })).not.toBeChecked();

  await page.reload();
  await expect(page.getByTestId('api-key')).toContainText('倉庫同步');
  expect(await page.content()).not.toContain(key);
  await page.getByTestId('api-key').locator('summary').click();
  await page.getByRole('button', { name: '確定撤銷' }).click();
  await expect(page.getByTestId('revoked')).toBeVisible();
  await expect(page.getByTestId('api-key')).toHaveCount(0);
});

test('downloads its data', async ({ page }) => {
  const email = await enter(page);
  await visit(page, '/account/privacy');
  const coming = page.waitForEvent('download');
  await page.getByTestId('export').click();
  const download = await coming;
  expect(download.suggestedFilename()).toMatch(/^oxcart-data-\d{4}-\d\d-\d\d\.json$/);
  const data: unknown = JSON.parse(await readFile(await download.path(), 'utf8'));
  expect(data).toMatchObject({ profile: { email } });
});

test('closes the account only when it is meant', async ({ page }) => {
  const email = await enter(page);
  await visit(page, '/account/privacy');
  await page.getByText('我要關閉帳戶').click();
  await page.getByTestId('field-email').fill('other@example.com');
  await page.getByTestId('field-password').fill(PASSWORD);
  await page.getByRole('button', { name: '永久關閉帳戶' }).click();
  await expect(page.getByTestId('field-email')).toBeFocused();
  await page.getByTestId('field-email').fill(email);
  await page.getByTestId('field-password').fill('wrong');
  await page.getByRole('button', { name: '永久關閉帳戶' }).click();
  await expect(page.getByTestId('field-password')).toHaveAccessibleDescription('密碼不正確');
  await page.getByTestId('field-password').fill(PASSWORD);
  await page.getByRole('button', { name: '永久關閉帳戶' }).click();
  await expect(page).toHaveURL(/\/\?notice=account_closed$/);
  await expect(page.getByTestId('notice')).toContainText('帳戶已關閉');
  await page.goto('/login');
  await fillLogin(page, email);
  await expect(page.getByTestId('form-message')).toContainText('不正確');
});

test.describe('at the checkout', () => {
  test('the kept addresses fill the form', async ({ page }) => {
    await enter(page, { addresses: [WORK, HOME] });
    await addToCart(page, 'cedar-pencil');
    await page.goto('/checkout');
    const saved = page.getByTestId('saved-addresses');
    await expect(saved).toHaveValue('home');
    await expect(page.getByTestId('field-address1')).toHaveValue('重慶南路一段 122 號');
    await saved.selectOption('work');
    await expect(page.getByTestId('field-name')).toHaveValue('陳美華');
    await expect(page.getByTestId('field-city')).toHaveValue('高雄市');
    await expect(page.getByTestId('field-district')).toHaveValue('前鎮區');
    await expect(page.getByTestId('field-postal-code')).toHaveValue('806');

    await page.getByTestId('field-address1').fill('中山二路 4 號');
    await expect(saved).toHaveValue('');
    await saved.selectOption('home');
    await saved.selectOption('');
    await expect(page.getByTestId('field-city')).toHaveValue('');
    await expect(page.getByTestId('field-address1')).toHaveValue('');
    await saved.selectOption('work');
    await page.getByTestId('place-order').click();
    await expect(page.getByTestId('sim-pay')).toBeVisible();
  });

  test('they fill it as well when the browser comes from the cart', async ({ page }) => {
    await enter(page, { addresses: [WORK] });
    await addToCart(page, 'cedar-pencil');
    await visit(page, '/cart');
    await page.getByTestId('checkout-button').click();
    await expect(page.getByTestId('saved-addresses')).toHaveValue('work');
    await expect(page.getByTestId('field-city')).toHaveValue('高雄市');
    await expect(page.getByTestId('field-district')).toHaveValue('前鎮區');
    await expect(page.getByTestId('field-address1')).toHaveValue('中山二路 2 號');
  });

  test('guests and people without addresses see nothing of it', async ({ page }) => {
    await addToCart(page, 'cedar-pencil');
    await page.goto('/checkout');
    await expect(page.getByTestId('field-name')).toBeVisible();
    await expect(page.getByTestId('saved-addresses')).toHaveCount(0);
  });

  test('what was chosen before the scripts came is not lost', async ({ page }) => {
    await addToCart(page, 'cedar-pencil');
    let release = () => {};
    const released = new Promise<void>((resolve) => (release = resolve));
    await page.route(/\/_app\/immutable\/.*\.js$/, async (route) => {
      await released;
      await route.continue();
    });
    await page.goto('/checkout', { waitUntil: 'commit' });
    await page.getByTestId('field-name').fill('王小明');
    await page.getByTestId('field-city').selectOption('高雄市');
    const district = page.getByTestId('field-district');
    await district.locator('optgroup[label="高雄市"] option[value="前鎮區"]').evaluate((option) => {
      (option as HTMLOptionElement).selected = true;
    });
    await expect(page.getByTestId('field-postal-code')).toBeHidden();
    release();
    await expect(page.getByTestId('field-postal-code')).toHaveValue('806');
    await expect(page.getByTestId('field-city')).toHaveValue('高雄市');
    await expect(district).toHaveValue('前鎮區');
    await expect(district.locator('optgroup')).toHaveCount(0);
    await expect(page.getByTestId('field-name')).toHaveValue('王小明');
  });
});

test.describe('without scripts', () => {
  test.use({ javaScriptEnabled: false });

  test('an address is kept, and used for an order', async ({ page }) => {
    await enter(page, { addresses: [HOME] });
    await page.goto('/account/addresses/new');
    await page.getByTestId('save-address').click();
    await expect(page).toHaveURL(/\/account\/addresses\/new$/);
    await fillAddress(page, '中山二路 2 號');
    await expect(page.getByTestId('notice')).toContainText('地址已儲存');
    await expect(page.getByTestId('address')).toHaveCount(2);

    await page.goto('/products/cedar-pencil');
    await page.getByTestId('add-to-cart').click();
    await page.goto('/checkout');
    await expect(page.getByTestId('field-address1')).toHaveValue('重慶南路一段 122 號');
    const other = page.getByTestId('saved-addresses').locator('option', { hasText: '中山二路' });
    const id = await other.getAttribute('value');
    await page.getByTestId('saved-addresses').selectOption(id);
    await page.getByRole('button', { name: '帶入' }).click();
    await expect(page).toHaveURL(`/checkout?address=${id}`);
    await expect(page.getByTestId('field-address1')).toHaveValue('中山二路 2 號');
    await expect(page.getByTestId('field-district')).toHaveValue('前鎮區');
    await page.getByTestId('place-order').click();
    await expect(page.getByTestId('pay-button')).toBeVisible();
  });

  test('a second factor is set up, and a device signed out', async ({ page }) => {
    const email = await enter(page, { addresses: [address({ id: 'only' })] });
    await page.goto('/account/security');
    await page.getByTestId('field-password').fill(PASSWORD);
    await submit(page);
    await expect(page.getByRole('img', { name: /QR Code/ })).toBeVisible();
    await page.getByTestId('field-code').fill('999999');
    await submit(page);
    await expect(page.getByTestId('field-code')).toHaveAccessibleDescription(/驗證碼不正確/);
    await page.getByTestId('field-code').fill('123456');
    await submit(page);
    await expect(page.getByTestId('recovery-codes').getByRole('listitem')).toHaveCount(10);
    await expect(page.getByTestId('recovery-codes').getByRole('button')).toHaveCount(0);

    await page.goto('/account');
    await page.getByRole('button', { name: '登出' }).click();
    await page.goto('/login');
    await fillLogin(page, email);
    await expect(page.getByTestId('field-code')).toBeVisible();
  });
});
