/** Accounts, from the first mail to the last device: the real program, its mails, its clock. */
import { expect, test, type APIRequestContext, type Page } from '@playwright/test';
import { fillLogin, newEmail, submit, visit } from '../mocked/people.ts';
import { mailedLink } from './mail.ts';
import { addToCart, DESKTOP, pay, PHONE } from './shopper.ts';
import { advanceClock, clockOf, env, plentiful } from './stack.ts';
import { codeOf } from './totp.ts';

const PASSWORD = 'Kavalan-mist-7731';
const NEW_PASSWORD = 'Alishan-fog-2048';
const LONG = { timeout: 30_000 };
const A_SECOND = { timeout: 1000, intervals: [50] };
const IPHONE =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 ' +
  '(KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1';

async function newAccount(request: APIRequestContext): Promise<string> {
  const email = newEmail();
  const data = { email, password: PASSWORD, name: '王小明' };
  const answer = await request.post('/api/auth/register', { data });
  expect(answer.status(), await answer.text()).toBe(202);
  return email;
}

/** Goes to the page where people sign in, and does. */
async function enter(page: Page, email: string, password = PASSWORD, prefix = ''): Promise<void> {
  await visit(page, `${prefix}/login`);
  await fillLogin(page, email, password);
}

async function leave(page: Page): Promise<void> {
  await page.goto('/account');
  await page.locator('main form[action$="/logout"] button').click();
  await expect(page).toHaveURL(/\/$/);
}

async function giveCode(page: Page, code: string): Promise<void> {
  await page.getByTestId('field-code').fill(code);
  await submit(page);
}

async function isRefused(page: Page): Promise<void> {
  await expect(page.getByTestId('form-message')).toBeVisible();
  expect(new URL(page.url()).pathname).toMatch(/\/login$/);
  expect((await page.request.get('/api/me')).status()).toBe(401);
}

async function fillAddress(page: Page): Promise<void> {
  await page.getByTestId('field-name').fill('陳美華');
  await page.getByTestId('field-phone').fill('0922-333-444');
  await page.getByTestId('field-city').selectOption('高雄市');
  await page.getByTestId('field-district').selectOption('前鎮區');
  await page.getByTestId('field-address1').fill('中山二路 2 號');
  await page.getByTestId('save-address').click();
  await expect(page.getByTestId('address')).toContainText('806 高雄市前鎮區中山二路 2 號');
}

async function registersAndBuys(page: Page, request: APIRequestContext): Promise<void> {
  const email = newEmail();
  await visit(page, '/register');
  await page.getByTestId('field-name').fill('王小明');
  await page.getByTestId('field-email').fill(email);
  await page.getByTestId('field-password').fill(PASSWORD);
  await submit(page);
  await expect(page).toHaveURL(/\/account\?notice=registered$/);
  await expect(page.getByTestId('verify-reminder')).toContainText(email);

  const link = await mailedLink(email, 'verify-email');
  await page.goto(link);
  expect(page.url(), 'the mail’s token is not left in the address').toMatch(/\/verify-email$/);
  await submit(page);
  await expect(page.getByTestId('verify')).toContainText(email);
  await page.goto('/account/profile');
  await expect(page.getByTestId('email-verified')).toBeVisible();
  await visit(page, link);
  await submit(page);
  await expect(page.getByTestId('form-message'), 'a link works once').toBeVisible();

  await visit(page, '/account/addresses/new');
  await fillAddress(page);
  const [offer] = await plentiful(request, 1);
  if (!offer) throw new Error('nothing to buy');
  await addToCart(page, offer);
  await visit(page, '/cart');
  await page.getByTestId('checkout-button').click();
  await expect(page.getByTestId('saved-addresses')).not.toHaveValue('');
  for (const [field, value] of Object.entries({
    email,
    name: '陳美華',
    phone: '0922333444',
    city: '高雄市',
    district: '前鎮區',
    'postal-code': '806',
    address1: '中山二路 2 號',
  })) {
    await expect(page.getByTestId(`field-${field}`)).toHaveValue(value);
  }
  await page.getByTestId('place-order').click();
  await expect(page.getByTestId('sim-pay')).toBeVisible(LONG);
  await pay(page);
  await expect(page.getByTestId('order-status')).toHaveAttribute('data-status', 'paid', LONG);
  await page.getByTestId('view-order').click();
  await expect(page.getByRole('main')).toContainText('高雄市前鎮區中山二路 2 號');
}

async function forgetsThePassword(page: Page, request: APIRequestContext, prefix: string) {
  const email = await newAccount(request);
  const data = { email, password: PASSWORD };
  expect((await request.post('/api/auth/login', { data })).status()).toBe(200);
  expect((await request.get('/api/me')).status()).toBe(200);

  await visit(page, `${prefix}/login`);
  await page.locator('main a[href$="/forgot-password"]').click();
  await expect(page).toHaveURL(/\/forgot-password$/);
  await page.getByTestId('field-email').fill(email);
  await submit(page);
  await expect(page.getByTestId('check-mail')).toContainText(email);

  const link = await mailedLink(email, 'reset-password');
  expect(new URL(link).pathname).toBe(`${prefix}/reset-password`);
  await visit(page, link);
  expect(page.url(), 'the mail’s token is not left in the address').toMatch(/\/reset-password$/);
  await page.getByTestId('field-password').fill(NEW_PASSWORD);
  await submit(page);
  await expect(page).toHaveURL(/\/login\?notice=password_reset$/);
  expect((await request.get('/api/me')).status(), 'other devices are signed out').toBe(401);

  await enter(page, email, PASSWORD, prefix);
  await isRefused(page);
  await enter(page, email, NEW_PASSWORD, prefix);
  await expect(page).toHaveURL(new RegExp(`${prefix}/account$`));
}

async function usesASecondFactor(page: Page, request: APIRequestContext): Promise<void> {
  const email = await newAccount(request);
  await enter(page, email);
  await expect(page).toHaveURL(/\/account$/);
  await visit(page, '/account/security');
  await page.getByTestId('field-password').fill(PASSWORD);
  await submit(page);
  const app = (await page.getByTestId('otpauth').getAttribute('href')) ?? '';
  const first = codeOf(app, await clockOf(request));
  await giveCode(page, first);
  const codes = page.getByTestId('recovery-codes').getByRole('listitem');
  await expect(codes).toHaveCount(10);
  const recovery = (await codes.first().textContent()) ?? '';
  await expect(page.getByTestId('second-factor-state')).toHaveText('已開啟');

  await leave(page);
  await enter(page, email);
  await giveCode(page, first);
  await isRefused(page);
  await advanceClock(request, 30);
  await giveCode(page, codeOf(app, await clockOf(request)));
  await expect(page).toHaveURL(/\/account$/);

  const useRecoveryCode = async () => {
    await leave(page);
    await enter(page, email);
    await page.getByTestId('switch-factor').click();
    await giveCode(page, recovery);
  };
  await useRecoveryCode();
  await expect(page).toHaveURL(/\/account$/);
  await page.goto('/account/security');
  await expect(page.getByText('還有 9 組備用碼可用')).toBeVisible();
  await useRecoveryCode();
  await isRefused(page);
}

async function endsAnotherDevice(page: Page, request: APIRequestContext): Promise<void> {
  const email = await newAccount(request);
  await enter(page, email);
  await expect(page).toHaveURL(/\/account$/);
  const other = await page
    .context()
    .browser()
    ?.newPage({ baseURL: new URL(page.url()).origin, userAgent: IPHONE, viewport: PHONE });
  if (!other) throw new Error('no second browser');
  await enter(other, email);
  await expect(other).toHaveURL(/\/account$/);
  expect((await other.request.get('/api/me')).status()).toBe(200);

  await visit(page, '/account/security');
  await expect(page.getByTestId('session')).toHaveCount(2);
  const theirs = page.getByTestId('session').filter({ hasText: 'Safari・iPhone' });
  await theirs.locator('summary').click();
  const ended = page.waitForResponse((answer) => answer.request().method() === 'POST');
  await theirs.getByRole('button').click();
  await ended;
  const status = async () => (await other.request.get('/api/me')).status();
  await expect.poll(status, A_SECOND).toBe(401);
  await expect(page.getByTestId('session')).toHaveCount(1);

  await other.goto('/account');
  await expect(other).toHaveURL(/\/login\?next=%2Faccount$/);
  await page.goto('/account');
  await expect(page).toHaveURL(/\/account$/);
  await other.close();
}

async function makesAKey(page: Page, request: APIRequestContext): Promise<void> {
  const name = newEmail();
  await enter(page, env('E2E_ADMIN_EMAIL'), env('E2E_ADMIN_PASSWORD'));
  await expect(page).toHaveURL(/\/account$/);
  await visit(page, '/account/api-keys');
  await page.getByTestId('field-name').fill(name);
  await page.getByRole('checkbox', { name: '看庫存' }).check();
  await submit(page);
  const key = (await page.getByTestId('key').textContent())?.trim() ?? '';
  expect(key).toMatch(/^oxk_[\w-]{43}$/);
  const headers = { authorization: `Bearer ${key}` };
  const ask = async (path: string) => (await request.get(path, { headers })).status();
  expect(await ask('/api/admin/warehouses')).toBe(200);
  expect(await ask('/api/admin/audit-log'), 'what it was not made for').toBe(403);

  await page.reload();
  const kept = page.getByTestId('api-key').filter({ hasText: name });
  await expect(kept).toContainText('看庫存');
  expect(await page.content()).not.toContain(key);
  expect(await (await page.request.get('/api/me/api-keys')).text()).not.toContain(key);

  await kept.locator('summary').click();
  await kept.getByRole('button').click();
  await expect(page.getByTestId('revoked')).toBeVisible();
  await expect(kept).toHaveCount(0);
  await expect.poll(() => ask('/api/admin/warehouses'), A_SECOND).toBe(401);
}

for (const { device, viewport } of [
  { device: 'a desktop', viewport: DESKTOP },
  { device: 'a phone', viewport: PHONE },
]) {
  test.describe(`on ${device}`, () => {
    test.use({ viewport });

    test('somebody new confirms their address, keeps one, and buys with it', ({ page, request }) =>
      registersAndBuys(page, request));

    test('a forgotten password is replaced by the mail’s link', ({ page, request }) =>
      forgetsThePassword(page, request, ''));

    test('a second factor is asked for; each code works once', ({ page, request }) =>
      usesASecondFactor(page, request));

    test('a device that is signed out elsewhere is out within a second', ({ page, request }) =>
      endsAnotherDevice(page, request));

    test('an API key is shown once, and works until it is revoked', ({ page, request }) =>
      makesAKey(page, request));
  });
}

test.describe('in English on a phone', () => {
  test.use({ viewport: PHONE });

  test('a forgotten password is replaced by the mail’s link', ({ page, request }) =>
    forgetsThePassword(page, request, '/en'));
});
