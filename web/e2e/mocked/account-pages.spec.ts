/** Every page of an account, in both languages and both sizes: it is whole, and usable by all. */
import { expect, test, type Page } from '@playwright/test';
import { enter, fillLogin, HOME, mailed, newAccount, submit, visit, WORK } from './people.ts';
import { complaints, expectAccessible, expectNoSidewaysScroll, VIEWS } from './shop.ts';
import { ACCOUNT } from './sights.ts';

const KEY = {
  id: 'key',
  name: '倉庫同步',
  scopes: ['catalog_read', 'stock_write', 'time_travel'],
  created_at: '2026-11-01T00:00:00Z',
  expires_at: '2027-02-01T00:00:00Z',
  last_used_at: '2026-11-20T08:00:00Z',
};

async function expectWhole(page: Page): Promise<void> {
  await expect(page.getByRole('heading', { level: 1 })).toHaveCount(1);
  await expectNoSidewaysScroll(page);
  await expectAccessible(page);
}

async function seeAccount(page: Page, prefix: string): Promise<void> {
  await enter(page, { roles: ['ops'], addresses: [HOME, WORK], keys: [KEY] }, prefix);
  await expectWhole(page);
  for (const path of ACCOUNT) {
    await page.goto(`${prefix}/account/${path}`);
    await expect(page.locator('html')).toHaveAttribute('lang', prefix ? 'en' : 'zh-TW');
    // What is folded up is there for axe as well.
    await page.locator('main').evaluate((main) => {
      for (const details of main.querySelectorAll('details')) details.open = true;
    });
    await expectWhole(page);
  }
}

async function seeNewAccount(page: Page, prefix: string): Promise<void> {
  await enter(page, { email_verified: false }, prefix);
  await page.goto(`${prefix}/account?notice=registered`);
  await expect(page.getByTestId('notice')).toBeVisible();
  await expect(page.getByTestId('verify-reminder')).toBeVisible();
  await expectWhole(page);
  for (const path of ['/account/profile', '/account/addresses']) {
    await page.goto(prefix + path);
    await expectWhole(page);
  }
}

async function seeSecondFactor(page: Page, prefix: string): Promise<void> {
  await enter(page, {}, prefix);
  await visit(page, `${prefix}/account/security`);
  await page.getByTestId('field-password').fill('correct-horse');
  await submit(page);
  await expect(page.getByTestId('second-factor-setup')).toBeFocused();
  await expectWhole(page);
  await page.getByTestId('field-code').fill('123456');
  await submit(page);
  await expect(page.getByTestId('recovery-codes')).toBeFocused();
  await expectWhole(page);
  await page.goto(`${prefix}/account/security`);
  await expect(page.getByTestId('second-factor-state')).toHaveText(prefix ? 'On' : '已開啟');
  await expectWhole(page);
}

async function seeMailPages(page: Page, prefix: string): Promise<void> {
  const email = await newAccount(page);
  await visit(page, `${prefix}/forgot-password`);
  await expectWhole(page);
  await page.getByTestId('field-email').fill(email);
  await submit(page);
  await expect(page.getByTestId('check-mail')).toBeFocused();
  await expectWhole(page);

  await page.goto(`${prefix}/reset-password?token=${mailed('reset', email)}`);
  await expect(page.getByTestId('field-password')).toBeVisible();
  await expectWhole(page);
  await page.goto(`${prefix}/verify-email?token=${mailed('verify', email)}`);
  await expectWhole(page);
  await submit(page);
  await expect(page.getByTestId('verify')).toContainText(email);
  await expectWhole(page);
  await page.goto(`${prefix}/verify-email`);
  await expectWhole(page);
}

const SIGHTS = {
  'the pages of an account': seeAccount,
  'the pages of somebody new': seeNewAccount,
  'setting up a second factor': seeSecondFactor,
  'the pages that mails lead to': seeMailPages,
};

for (const { name, prefix, viewport } of VIEWS) {
  test.describe(name, () => {
    test.use({ viewport });

    for (const [what, see] of Object.entries(SIGHTS)) {
      test(`${what}: whole, step by step`, async ({ page }) => {
        test.setTimeout(120_000);
        const found = complaints(page);
        await see(page, prefix);
        expect(found).toEqual([]);
      });
    }

    test('signing in with two factors: whole, step by step', async ({ page }) => {
      const email = await newAccount(page, { second_factor: true });
      await visit(page, `${prefix}/login?notice=password_reset`);
      await expectWhole(page);
      await fillLogin(page, email);
      await expect(page.getByTestId('field-code')).toBeFocused();
      await expectWhole(page);
      await page.getByTestId('switch-factor').click();
      await expectWhole(page);
    });
  });
}

test('the pages of an account are whole in the dark', async ({ page }) => {
  await page.emulateMedia({ colorScheme: 'dark' });
  await enter(page, { roles: ['ops'], email_verified: false, addresses: [HOME], keys: [KEY] });
  for (const path of ['', '/addresses', '/security', '/api-keys', '/privacy']) {
    await page.goto(`/account${path}`);
    await expectAccessible(page);
  }
});

test('looks as it should to assistive technology', async ({ page }) => {
  await enter(page, { addresses: [HOME, WORK] });
  await expect(page.getByRole('main')).toMatchAriaSnapshot(`
    - main:
      - navigation "帳戶選單":
        - list:
          - listitem:
            - link "總覽"
          - listitem:
            - link "我的訂單"
          - listitem:
            - link "基本資料"
          - listitem:
            - link "常用地址"
          - listitem:
            - link "變更密碼"
          - listitem:
            - link "登入與安全"
          - listitem:
            - link "隱私與資料"
      - paragraph: 我的帳戶
      - heading "王小明，你好" [level=1]
  `);
  await page.goto('/account/addresses');
  await expect(page.getByRole('main')).toMatchAriaSnapshot(`
    - heading "常用地址" [level=1]
    - link "新增地址"
    - list:
      - listitem:
        - article:
          - heading "王小明" [level=2]
          - text: 預設
          - paragraph: 100 臺北市中正區重慶南路一段 122 號
          - paragraph: "0912345678"
          - link "編輯：100 臺北市中正區重慶南路一段 122 號"
      - listitem:
        - article:
          - heading "陳美華" [level=2]
          - paragraph: 806 高雄市前鎮區中山二路 2 號
          - link "編輯：806 高雄市前鎮區中山二路 2 號"
          - button "設為預設：806 高雄市前鎮區中山二路 2 號"
  `);
});
