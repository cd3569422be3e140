/** What browsers are told about pages, and that the pages keep to it. */
import { createHash } from 'node:crypto';
import { expect, test, type Page } from '@playwright/test';
import { addToCart, fillCheckout, placeOrder, signIn } from './shop.ts';

interface Breach {
  directive: string;
  blocked: string;
  sample: string;
}

declare global {
  interface Window {
    breaches?: Breach[];
  }
}

/** From the first script on, on every page, the browser notes what its policy forbade. */
async function watch(page: Page): Promise<() => Promise<Breach[]>> {
  const found: Breach[] = [];
  await page.exposeFunction('noteBreach', (breach: Breach) => found.push(breach));
  await page.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', (event) => {
      const note = (window as unknown as { noteBreach: (breach: Breach) => void }).noteBreach;
      note({
        directive: event.effectiveDirective,
        blocked: event.blockedURI,
        sample: event.sample,
      });
    });
  });
  return async () => {
    // One more turn, so that what was noted has arrived.
    await page.evaluate(() => new Promise((resolve) => setTimeout(resolve)));
    return found;
  };
}

const directives = (policy: string) =>
  new Map(
    policy.split('; ').map((text): [string, string[]] => {
      const [name = '', ...sources] = text.split(' ');
      return [name, sources];
    }),
  );

for (const path of ['/', '/en/products', '/login', '/cart', '/nope', '/products/boom']) {
  test(`${path} comes with every header`, async ({ request }) => {
    const answer = await request.get(path);
    const headers = answer.headers();
    expect(headers).toMatchObject({
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'referrer-policy': 'strict-origin-when-cross-origin',
      'cross-origin-opener-policy': 'same-origin',
    });
    expect(headers['permissions-policy']).toContain('geolocation=()');
    const policy = directives(headers['content-security-policy'] ?? '');
    expect(policy.get('default-src')).toEqual(["'self'"]);
    expect(policy.get('object-src')).toEqual(["'none'"]);
    expect(policy.get('base-uri')).toEqual(["'none'"]);
    expect(policy.get('frame-ancestors')).toEqual(["'none'"]);
    expect(policy.get('form-action')).toEqual(["'self'"]);
    const scripts = policy.get('script-src') ?? [];
    // The one script in the page, by its own hash: kept pages have no secret to share.
    const inline = [...(await answer.text()).matchAll(/<script>([^]*?)<\/script>/g)];
    const hashes = inline.map(([, script]) => {
      const hash = createHash('sha256')
        .update(script ?? '')
        .digest('base64');
      return `'sha256-${hash}'`;
    });
    expect(hashes).toHaveLength(1);
    expect(scripts).toEqual(["'self'", ...hashes]);
    for (const sources of policy.values()) {
      expect(sources).not.toContain("'unsafe-inline'");
      expect(sources).not.toContain("'unsafe-eval'");
    }
  });
}

test('no page breaks its own policy, however it is reached', async ({ page }) => {
  const breaches = await watch(page);
  for (const path of [
    '/',
    '/products/canvas-backpack',
    '/en/help',
    '/login',
    '/register',
    '/nope',
  ]) {
    await page.goto(path);
    await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
    // Scripts have taken over once the announcer is there.
    await expect(page.locator('#svelte-announcer')).toBeAttached();
  }
  await page.goto('/');
  await page.getByRole('link', { name: '全部商品' }).first().click();
  await expect(page).toHaveURL('/products');
  await expect(page.locator('#svelte-announcer')).not.toBeEmpty();
  await signIn(page);
  await addToCart(page, 'canvas-backpack');
  await page.goto('/checkout');
  await fillCheckout(page);
  await page.goto('/cart');
  expect(await breaches()).toEqual([]);
});

test('the announcer is there for those who listen, and nobody sees it', async ({ page }) => {
  await page.goto('/');
  const announcer = page.locator('#svelte-announcer');
  await expect(announcer).toHaveCSS('position', 'absolute');
  await expect(announcer).toHaveCSS('width', '1px');
});

test('what the policy forbids does not happen', async ({ page }) => {
  const breaches = await watch(page);
  await page.goto('/');
  await expect(page.locator('#svelte-announcer')).toBeAttached();
  const ran = await page.evaluate(() => {
    const script = document.createElement('script');
    script.textContent = 'window.injected = true';
    document.body.append(script);
    const paragraph = document.createElement('p');
    paragraph.setAttribute('style', 'position: fixed');
    document.body.append(paragraph);
    return { script: 'injected' in window, style: getComputedStyle(paragraph).position };
  });
  expect(ran).toEqual({ script: false, style: 'static' });
  const told = (await breaches()).map(({ directive }) => directive);
  expect(told.sort()).toEqual(['script-src-elem', 'style-src-attr']);
});

test('only the page that goes on to the provider may send its form there', async ({ page }) => {
  const breaches = await watch(page);
  const sent = page.waitForResponse((answer) => /\/orders\/[^/]+\/pay$/.test(answer.url()));
  await placeOrder(page, 'longan-honey');
  const policy = directives((await sent).headers()['content-security-policy'] ?? '');
  expect(policy.get('form-action')).toHaveLength(2);
  expect(await breaches()).toEqual([]);
});

test('a sign-in goes on within the shop and nowhere else', async ({ page }) => {
  await page.goto('/login?next=/en//evil.example');
  await page.getByTestId('field-email').fill('ming@example.com');
  await page.getByTestId('field-password').fill('correct-horse');
  await page.getByRole('button', { name: '登入' }).click();
  await page.waitForURL('**/account');
});

test('work that is asked for is done beside the page and sent along', async ({ page }) => {
  const breaches = await watch(page);
  const expires_at = new Date(Date.now() + 300_000).toISOString();
  await page.route('**/api/challenge', (route) =>
    route.fulfill({ json: { challenge: 'a-challenge', bits: 12, expires_at } }),
  );
  await addToCart(page, 'longan-honey');
  await page.goto('/checkout');
  await fillCheckout(page);
  const sent = page.waitForRequest(
    (request) => request.method() === 'POST' && request.url().endsWith('?/place'),
  );
  await page.getByTestId('place-order').click();
  const proof = new URLSearchParams((await sent).postData() ?? '').get('proof') ?? '';
  expect(proof).toMatch(/^a-challenge:\d+$/);
  expect(createHash('sha256').update(proof).digest().readUInt16BE(0) >>> 4).toBe(0);
  await expect(page.getByTestId('sim-pay')).toBeVisible();
  expect(await breaches()).toEqual([]);
});
