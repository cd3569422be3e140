/** Getting in: registering, signing in with one factor or two, and with a forgotten password. */
import { expect, test, type Page } from '@playwright/test';
import { fillLogin, mailed, newAccount, newEmail, PASSWORD, submit, visit } from './people.ts';
import { addToCart } from './shop.ts';

async function register(page: Page, email: string, password = PASSWORD): Promise<void> {
  await visit(page, '/register');
  await fillRegistration(page, email, password);
}

async function fillRegistration(page: Page, email: string, password: string): Promise<void> {
  await page.getByTestId('field-name').fill('林怡君');
  await page.getByTestId('field-email').fill(email);
  await page.getByTestId('field-password').fill(password);
  await submit(page);
}

test('somebody new is in at once, with the cart, and asked to confirm the address', async ({
  page,
}) => {
  const email = newEmail();
  await addToCart(page, 'brass-compass');
  await register(page, email);
  await expect(page).toHaveURL(/\/account\?notice=registered$/);
  await expect(page.getByTestId('notice')).toContainText('我們寄了一封信給你');
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('林怡君，你好');
  await expect(page.getByTestId('cart-count')).toHaveText('1');

  await page.getByRole('button', { name: '重寄確認信' }).click();
  await expect(page.getByTestId('verify-sent')).toContainText(email);

  await page.goto(`/verify-email?token=${mailed('verify', email)}`);
  await page.getByRole('button', { name: '確認我的電子郵件' }).click();
  await expect(page.getByTestId('verify')).toContainText(`${email} 是你的了`);
  await page.goto('/account/profile');
  await expect(page.getByTestId('email-verified')).toBeVisible();
  await expect(page.getByTestId('verify-reminder')).toHaveCount(0);
});

test('registering goes on to where the visitor was', async ({ page }) => {
  await page.goto('/register?next=/checkout');
  await page.getByTestId('field-name').fill('林怡君');
  await page.getByTestId('field-email').fill(newEmail());
  await page.getByTestId('field-password').fill(PASSWORD);
  await submit(page);
  await expect(page).toHaveURL(/\/checkout\?notice=registered$/);
  await expect(page.getByTestId('notice')).toBeVisible();
});

test('a known address gets the same answer as one whose session could not begin', async ({
  page,
}) => {
  const email = await newAccount(page);
  await register(page, email, 'another password');
  await expect(page.getByTestId('check-mail')).toBeFocused();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('請查看你的信箱');
  await expect(page.getByTestId('check-mail')).toContainText(email);
  expect((await page.context().cookies()).map(({ name }) => name)).not.toContain('oxcart_access');
});

test('registering complains beside the fields, and keeps what was typed', async ({ page }) => {
  await visit(page, '/register');
  await page.locator('main form').evaluate((form: HTMLFormElement) => (form.noValidate = true));
  await page.getByTestId('field-email').fill('nobody');
  await page.getByTestId('field-password').fill('short');
  await submit(page);
  await expect(page.getByTestId('field-name')).toBeFocused();
  await expect(page.getByTestId('field-email')).toHaveAccessibleDescription(/正確的電子郵件/);
  await expect(page.getByTestId('field-email')).toHaveValue('nobody');
  await expect(page.getByTestId('field-password')).toHaveAccessibleDescription(/至少要 10 個字元/);

  await register(page, newEmail(), 'password1234');
  await expect(page.getByTestId('field-password')).toBeFocused();
  await expect(page.getByTestId('field-password')).toHaveAccessibleDescription(/曾在別處外洩/);
});

test('a second factor is asked for; the password stays where it was', async ({ page }) => {
  const email = await newAccount(page, { second_factor: true });
  await visit(page, '/login?next=/orders');
  await fillLogin(page, email);
  const code = page.getByTestId('field-code');
  await expect(code).toBeFocused();
  await expect(code).toHaveAttribute('autocomplete', 'one-time-code');
  await expect(code).toHaveAttribute('inputmode', 'numeric');
  await expect(page.getByTestId('field-password')).toHaveValue(PASSWORD);
  await expect(page.getByText('請再輸入一次密碼')).toHaveCount(0);

  await code.fill('000000');
  await code.press('Enter');
  await expect(page.getByTestId('form-message')).toHaveText('電子郵件、密碼或驗證碼不正確');
  await expect(code).toBeFocused();
  await code.fill('123 456');
  await code.press('Enter');
  await expect(page).toHaveURL(/\/orders$/);
});

test('a recovery code does as well, once', async ({ page }) => {
  const recoveryCodes = ['k7pm2-w2xqr'];
  const email = await newAccount(page, { second_factor: true, recoveryCodes });
  const useCode = async () => {
    await visit(page, '/login');
    await fillLogin(page, email);
    await page.getByTestId('switch-factor').click();
    await expect(page.getByTestId('field-code')).toHaveAttribute('inputmode', 'text');
    await expect(page.getByRole('heading', { level: 1 })).toHaveText('輸入備用碼');
    await page.getByTestId('field-code').fill('k7pm2-w2xqr');
    await submit(page);
  };
  await useCode();
  await expect(page).toHaveURL(/\/account$/);
  await page.getByRole('button', { name: '登出' }).click();
  await expect(page).toHaveURL(/\/$/);
  await useCode();
  await expect(page.getByTestId('form-message')).toContainText('不正確');
  await expect(page.getByTestId('field-code')).toHaveAccessibleDescription(/每組只能用一次/);
  await page.getByTestId('switch-factor').click();
  await expect(page.getByTestId('form-message')).toHaveCount(0);
  await expect(page.getByTestId('field-code')).toHaveAttribute('inputmode', 'numeric');
  await expect(page.getByTestId('field-code')).not.toHaveAttribute('aria-invalid');
});

test('too many attempts are told how long to wait', async ({ page }) => {
  await visit(page, '/login');
  await fillLogin(page, 'busy@example.com');
  await expect(page.getByTestId('form-message')).toHaveText('嘗試太多次了，請在 14 分鐘 後再試');
});

test('a forgotten password is set anew by the mail’s link', async ({ page }) => {
  const email = await newAccount(page);
  await page.goto('/login');
  await page.getByRole('link', { name: '忘記密碼？' }).click();
  await expect(page).toHaveURL(/\/forgot-password$/);
  await page.getByTestId('field-email').fill(email);
  await submit(page);
  await expect(page.getByTestId('check-mail')).toContainText(`如果 ${email} 有帳戶`);

  const link = `/reset-password?token=${mailed('reset', email)}`;
  await visit(page, link);
  await expect(page).toHaveURL(/\/reset-password$/);
  const password = page.getByTestId('field-password');
  await password.fill('a new password');
  await page.getByRole('button', { name: '顯示密碼' }).click();
  await expect(password).toHaveAttribute('type', 'text');
  await page.getByRole('button', { name: '隱藏密碼' }).click();
  await expect(password).toHaveAttribute('type', 'password');
  await submit(page);
  await expect(page).toHaveURL(/\/login\?notice=password_reset$/);
  await expect(page.getByTestId('notice')).toContainText('新密碼設定好了');
  await fillLogin(page, email, 'a new password');
  await expect(page).toHaveURL(/\/account$/);

  await page.goto(link);
  await page.getByTestId('field-password').fill('and another one');
  await submit(page);
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('這個連結不能用了');
  await expect(page.getByRole('link', { name: '重新寄一次' })).toBeVisible();
});

test('following a link of a mail does nothing yet, and leaves its token nowhere', async ({
  page,
  request,
}) => {
  const email = await newAccount(page, { email_verified: false });
  const link = `/verify-email?token=${mailed('verify', email)}`;
  // A scanner of mails follows links; one that keeps no cookies, even twice.
  for (let times = 0; times < 2; times += 1) {
    const answer = await request.get(link, { maxRedirects: 0 });
    expect(answer.status()).toBe(303);
    const headers = answer.headers();
    expect(headers.location).toBe('/verify-email');
    expect(headers['referrer-policy']).toBe('no-referrer');
    expect(headers['cache-control']).toContain('no-store');
    expect(headers['set-cookie']).toMatch(/HttpOnly/i);
  }
  const referrers: string[] = [];
  page.on('request', (sent) => referrers.push(sent.headers().referer ?? ''));
  await page.goto('/help');
  await page.goto(link);
  await expect(page).toHaveURL(/\/verify-email$/);
  await submit(page);
  await expect(page.getByTestId('verify')).toContainText(email);
  await page.goBack();
  await expect(page).toHaveURL(/\/help$/);
  expect(referrers.filter((referrer) => referrer.includes('token'))).toEqual([]);

  await page.goto(link);
  await submit(page);
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('這個連結不能用了');
  await expect(page.getByRole('link', { name: '登入' }).last()).toHaveAttribute(
    'href',
    '/login?next=/verify-email',
  );
});

test('a link that is over can be sent again by whoever is signed in', async ({ page }) => {
  const email = await newAccount(page, { email_verified: false });
  await page.goto('/login?next=/verify-email');
  await fillLogin(page, email);
  await expect(page).toHaveURL(/\/verify-email$/);
  await page.goto('/verify-email?token=verify_0000000000000000');
  await submit(page);
  await expect(page.getByTestId('form-message')).toHaveText('這個連結已失效或用過了');
  await page.getByRole('button', { name: '重寄確認信' }).click();
  await expect(page.getByTestId('verify-sent')).toContainText(email);
});

test('a mail’s link is answered in the language in which it was asked for', async ({ page }) => {
  const email = await newAccount(page);
  await page.goto('/en/forgot-password');
  await page.getByTestId('field-email').fill(email);
  await submit(page);
  await expect(page.getByTestId('check-mail')).toBeVisible();
  await page.goto(`/reset-password?token=${mailed('reset', email)}`);
  await expect(page).toHaveURL(/\/en\/reset-password$/);
});

test.describe('without scripts', () => {
  test.use({ javaScriptEnabled: false });

  test('a second factor asks for the password again, which is never in the page', async ({
    page,
  }) => {
    const email = await newAccount(page, {
      second_factor: true,
      recoveryCodes: ['k7pm2-w2xqr'],
    });
    await page.goto('/login');
    await fillLogin(page, email);
    await expect(page.getByTestId('field-code')).toBeFocused();
    await expect(page.getByTestId('field-email')).toHaveValue(email);
    await expect(page.getByTestId('field-password')).toHaveValue('');
    await expect(page.getByTestId('field-password')).toHaveAccessibleDescription(/再輸入一次密碼/);
    expect(await page.content()).not.toContain(PASSWORD);

    await page.getByTestId('switch-factor').click();
    await expect(page.getByTestId('field-code')).toHaveAttribute('inputmode', 'text');
    await page.getByTestId('field-password').fill(PASSWORD);
    await page.getByTestId('field-code').fill('k7pm2-w2xqr');
    await page.getByTestId('field-code').press('Enter');
    await expect(page).toHaveURL(/\/account$/);
  });

  test('an address is confirmed, and a password set anew', async ({ page }) => {
    const email = newEmail();
    await page.goto('/register');
    await fillRegistration(page, email, PASSWORD);
    await expect(page.getByTestId('notice')).toBeVisible();
    await page.goto(`/verify-email?token=${mailed('verify', email)}`);
    await submit(page);
    await expect(page.getByTestId('verify')).toContainText(email);
    await page.goto(`/reset-password?token=${mailed('reset', email)}`);
    await page.getByTestId('field-password').fill('a new password');
    await submit(page);
    await expect(page.getByTestId('notice')).toContainText('新密碼設定好了');
    await fillLogin(page, email, 'a new password');
    await expect(page).toHaveURL(/\/account$/);
  });
});
