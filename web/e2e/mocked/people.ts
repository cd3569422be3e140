import { expect, type Page } from '@playwright/test';
import type { Account } from '../mock/accounts.ts';

export const PASSWORD = 'correct-horse';
let count = 0;

/** An address that no other test has. */
export function newEmail(): string {
  count += 1;
  return `p${process.pid}-${Date.now()}-${count}@example.com`;
}

/** Somebody with an account of their own, so that tests do not meet. */
export async function newAccount(page: Page, given: Partial<Account> = {}): Promise<string> {
  const email = newEmail();
  const answer = await page.request.post('/api/dev/accounts', { data: { email, ...given } });
  expect(answer.status()).toBe(201);
  return email;
}

/** Waits for the page's scripts: before them, forms do the same in other ways. */
export async function hydrated(page: Page): Promise<void> {
  await expect(page.locator('html')).toHaveAttribute('data-hydrated');
}

/** Opens a page and waits for its scripts. */
export async function visit(page: Page, path: string): Promise<void> {
  await page.goto(path);
  await hydrated(page);
}

export async function fillLogin(page: Page, email: string, password = PASSWORD): Promise<void> {
  await page.getByTestId('field-email').fill(email);
  await page.getByTestId('field-password').fill(password);
  await submit(page);
}

/** Presses the main button of the page's form. */
export async function submit(page: Page): Promise<void> {
  await page.locator('main form button.btn-primary').click();
}

/** Signs somebody new in. */
export async function enter(
  page: Page,
  given: Partial<Account> = {},
  prefix = '',
): Promise<string> {
  const email = await newAccount(page, given);
  await page.goto(`${prefix}/login`);
  await fillLogin(page, email);
  await page.waitForURL(`**${prefix}/account`);
  return email;
}

/** The token that a mail to this address carries, as the mock makes them. */
export function mailed(purpose: 'verify' | 'reset', email: string): string {
  return `${purpose}_${Buffer.from(email).toString('hex')}`;
}

export function address(given: Partial<Account['addresses'][number]> & { id: string }) {
  return {
    name: '王小明',
    phone: '0912345678',
    postal_code: '100',
    city: '臺北市',
    district: '中正區',
    address1: '重慶南路一段 122 號',
    address2: null,
    is_default: false,
    ...given,
  };
}

export const HOME = address({ id: 'home', is_default: true });
export const WORK = address({
  id: 'work',
  name: '陳美華',
  postal_code: '806',
  city: '高雄市',
  district: '前鎮區',
  address1: '中山二路 2 號',
});

/** As the person sees it: the second of two devices. */
export async function otherDevice(page: Page, email: string): Promise<void> {
  const headers = {
    'user-agent': 'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0) Version/18.0 Safari/1',
  };
  const other = await page.context().browser()?.newContext({ extraHTTPHeaders: headers });
  const url = new URL('/api/auth/login', page.url()).href;
  const answer = await other?.request.post(url, { data: { email, password: PASSWORD }, headers });
  expect(answer?.status()).toBe(200);
  await other?.close();
}
