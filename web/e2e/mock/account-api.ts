/** The part of the API that is about accounts. */
import { randomBytes, randomUUID } from 'node:crypto';
import type { SavedAddress, SavedAddressForm, User } from '../../src/lib/api/types.ts';
import * as people from './accounts.ts';
import type { Account } from './accounts.ts';
import { products } from './catalog.ts';
import { json, problem, readJson, setCookie, type Call, type Handler } from './http.ts';
import { carts } from './shop.ts';

const ACCESS = 'oxcart_access';
const REFRESH = 'oxcart_refresh';
const CART = 'oxcart_cart';

const sessionOf = ({ cookies }: Call) => people.tokens.get(cookies.get(ACCESS) ?? '') ?? '';

/** Who asks. */
export function user(call: Call): Account | undefined {
  return people.accounts.get(people.devices.get(sessionOf(call))?.email ?? '');
}

function shown(account: Account): User {
  const { id, email, name, phone, roles, email_verified, second_factor } = account;
  return { id, email, name, phone: phone ?? null, roles, email_verified, second_factor };
}

/** For people who are signed in; others are refused. */
const mine =
  (handle: (call: Call, account: Account) => void | Promise<void>): Handler =>
  (call) => {
    const account = user(call);
    return account ? handle(call, account) : problem(call.response, 401, 'AUTH_UNAUTHORIZED');
  };

const wrongPassword = (call: Call) => problem(call.response, 401, 'AUTH_INVALID_CREDENTIALS');
const done = ({ response }: Call) => response.writeHead(204).end();
const checkMail = (call: Call) => json(call.response, 202, { status: 'check_email' });

function invalid(call: Call, pointer: string): void {
  const errors = [{ pointer, detail: 'is not good' }];
  problem(call.response, 422, 'VALIDATION_FAILED', { errors });
}

/** Whether a code is good; a recovery code is so once. */
function takeCode(account: Account, code: string | undefined): boolean {
  if (code === people.CODE) return true;
  const at = account.recoveryCodes.indexOf(code ?? '');
  if (at >= 0) account.recoveryCodes.splice(at, 1);
  return at >= 0;
}

function start(call: Call, account: Account, session: string): void {
  const access = randomUUID();
  const refresh = randomUUID();
  people.tokens.set(access, session);
  people.tokens.set(refresh, session);
  setCookie(call.response, ACCESS, access);
  setCookie(call.response, REFRESH, refresh);
  json(call.response, 200, { access_token: access, expires_in: 900, user: shown(account) });
}

async function login(call: Call): Promise<void> {
  const { email = '', password, code } = await readJson<Record<string, string>>(call.request);
  if (email === 'busy@example.com') {
    call.response.setHeader('retry-after', '840');
    return problem(call.response, 429, 'RATE_LIMITED');
  }
  const account = people.accounts.get(email);
  if (account?.password !== password || !account) return wrongPassword(call);
  if (account.second_factor) {
    if (code === undefined) return problem(call.response, 401, 'SECOND_FACTOR_REQUIRED');
    if (!takeCode(account, code)) return wrongPassword(call);
  }
  const guest = carts.get(call.cookies.get(CART) ?? '');
  if (guest) carts.set(account.id, [...(carts.get(account.id) ?? []), ...guest]);
  const now = new Date().toISOString();
  const id = randomUUID();
  const agent = call.request.headers['user-agent'] ?? null;
  const device = { id, email, user_agent: agent, ip: '192.0.2.7' };
  people.devices.set(id, { ...device, created_at: now, last_used_at: now });
  start(call, account, id);
}

async function register(call: Call): Promise<void> {
  const body = await readJson<Record<string, string>>(call.request);
  const { email = '', password = '', name = '' } = body;
  if (password === people.LEAKED) return invalid(call, '/password');
  if (!people.accounts.has(email)) {
    people.addAccount({ email, password, name, email_verified: false });
  }
  checkMail(call);
}

function refresh(call: Call): void {
  const token = call.cookies.get(REFRESH) ?? '';
  const session = people.tokens.get(token) ?? '';
  const account = people.accounts.get(people.devices.get(session)?.email ?? '');
  // Rotated: a token works once.
  people.tokens.delete(token);
  if (!account) return problem(call.response, 401, 'AUTH_UNAUTHORIZED');
  start(call, account, session);
}

function logout(call: Call): void {
  people.endSession(sessionOf(call));
  setCookie(call.response, ACCESS, '');
  setCookie(call.response, REFRESH, '');
  done(call);
}

async function verify(call: Call): Promise<void> {
  const { token = '' } = await readJson<Record<string, string>>(call.request);
  const account = people.readMailed('verify', token);
  if (!account) return problem(call.response, 422, 'TOKEN_INVALID');
  account.email_verified = true;
  json(call.response, 200, { email: account.email });
}

async function resetPassword(call: Call): Promise<void> {
  const { token = '', password = '' } = await readJson<Record<string, string>>(call.request);
  if (password === people.LEAKED) return invalid(call, '/password');
  const account = people.readMailed('reset', token);
  if (!account) return problem(call.response, 422, 'TOKEN_INVALID');
  account.password = password;
  account.email_verified = true;
  people.endSessions(account.email);
  done(call);
}

const changeMe = mine(async (call, account) => {
  Object.assign(account, await readJson<Partial<User>>(call.request));
  json(call.response, 200, shown(account));
});

const changePassword = mine(async (call, account) => {
  const body = await readJson<{ current_password: string; new_password: string }>(call.request);
  if (account.password !== body.current_password) return wrongPassword(call);
  if (body.new_password === people.LEAKED) return invalid(call, '/new_password');
  account.password = body.new_password;
  people.endSessions(account.email, sessionOf(call));
  done(call);
});

const closeAccount = mine(async (call, account) => {
  const { password } = await readJson<{ password: string }>(call.request);
  if (account.password !== password) return wrongPassword(call);
  people.endSessions(account.email);
  people.accounts.delete(account.email);
  done(call);
});

const listSessions = mine((call, { email }) => {
  const items = [...people.devices.values()]
    .filter((device) => device.email === email)
    .map(({ email: _, ...device }) => ({ ...device, current: device.id === sessionOf(call) }));
  json(call.response, 200, { items });
});

const endSession = mine((call, { email }) => {
  if (people.devices.get(call.id)?.email !== email) return problem(call.response, 404, 'NOT_FOUND');
  people.endSession(call.id);
  done(call);
});

const saveAddress = mine(async (call, account) => {
  const body = await readJson<SavedAddressForm>(call.request);
  if (body.address1.includes('refused')) return invalid(call, '/address1');
  const known = account.addresses.find(({ id }) => id === call.id);
  if (call.id && !known) return problem(call.response, 404, 'NOT_FOUND');
  if (body.is_default) for (const address of account.addresses) address.is_default = false;
  const rest = { address2: body.address2 ?? null, is_default: body.is_default ?? false };
  const saved: SavedAddress = Object.assign(known ?? { id: randomUUID() }, body, rest);
  if (!known) account.addresses.push(saved);
  json(call.response, known ? 200 : 201, saved);
});

const removeAddress = mine((call, account) => {
  const at = account.addresses.findIndex(({ id }) => id === call.id);
  if (at < 0) return problem(call.response, 404, 'NOT_FOUND');
  account.addresses.splice(at, 1);
  done(call);
});

const startFactor = mine(async (call, account) => {
  const { password } = await readJson<{ password: string }>(call.request);
  if (account.password !== password) return wrongPassword(call);
  const label = encodeURIComponent(account.email);
  const url = `otpauth://totp/Oxcart:${label}?secret=${people.SECRET}&issuer=Oxcart`;
  json(call.response, 201, { secret: people.SECRET, otpauth_url: url });
});

/** Confirming the first code, and making new recovery codes, end alike. */
const giveCodes = mine(async (call, account) => {
  const { code } = await readJson<{ code: string }>(call.request);
  if (code !== people.CODE) return wrongPassword(call);
  account.second_factor = true;
  account.recoveryCodes = people.recoveryCodes();
  json(call.response, 200, { recovery_codes: account.recoveryCodes });
});

const endFactor = mine(async (call, account) => {
  const { password, code } = await readJson<Record<string, string>>(call.request);
  if (account.password !== password || !takeCode(account, code)) return wrongPassword(call);
  account.second_factor = false;
  done(call);
});

const makeKey = mine(async (call, account) => {
  const body = await readJson<{ name: string; scopes: string[]; expires_at: string | null }>(
    call.request,
  );
  if (body.scopes.includes('role_write')) return invalid(call, '/scopes');
  const id = randomUUID();
  const created_at = new Date().toISOString();
  account.keys.push({ id, ...body, created_at, last_used_at: null });
  const { name, scopes } = body;
  json(call.response, 201, {
    id,
    name,
    scopes,
    key: `oxk_${randomBytes(32).toString('base64url')}`,
  });
});

const revokeKey = mine((call, account) => {
  account.keys = account.keys.filter(({ id }) => id !== call.id);
  done(call);
});

const onShow = (slug: string) => products().find((product) => product.slug === slug);

function wishList(call: Call, { wishes }: Account): void {
  const items = wishes.flatMap((slug) => onShow(slug) ?? []);
  json(call.response, 200, { items: items.map(({ id, slug }) => ({ product_id: id, slug })) });
}

const mergeWishes = mine(async (call, account) => {
  const { slugs } = await readJson<{ slugs: string[] }>(call.request);
  const added = slugs.filter((slug) => onShow(slug) && !account.wishes.includes(slug));
  account.wishes = [...added, ...account.wishes];
  wishList(call, account);
});

const changeWish = mine((call, account) => {
  // A product whose heart a test wants to fail.
  if (call.id === 'table-radio') return problem(call.response, 503, 'SERVICE_UNAVAILABLE');
  const others = account.wishes.filter((slug) => slug !== call.id);
  const isOn = others.length < account.wishes.length;
  if (call.request.method === 'DELETE') account.wishes = others;
  else if (!onShow(call.id)) return problem(call.response, 404, 'PRODUCT_NOT_FOUND');
  else if (!isOn) account.wishes = [call.id, ...others];
  done(call);
});

async function addAccount(call: Call): Promise<void> {
  const given = await readJson<Partial<Account> & { email: string }>(call.request);
  json(call.response, 201, shown(people.addAccount(given)));
}

export const ACCOUNT_ROUTES: [method: string, path: RegExp, handler: Handler][] = [
  ['POST', /^\/api\/auth\/login$/, login],
  ['POST', /^\/api\/auth\/register$/, register],
  ['POST', /^\/api\/auth\/refresh$/, refresh],
  ['POST', /^\/api\/auth\/logout$/, logout],
  [
    'POST',
    /^\/api\/auth\/logout-all$/,
    mine((call, { email }) => {
      people.endSessions(email);
      done(call);
    }),
  ],
  ['POST', /^\/api\/auth\/email\/verify$/, verify],
  ['POST', /^\/api\/auth\/email\/verify\/resend$/, mine(checkMail)],
  ['POST', /^\/api\/auth\/password\/forgot$/, checkMail],
  ['POST', /^\/api\/auth\/password\/reset$/, resetPassword],
  ['GET', /^\/api\/me$/, mine((call, account) => json(call.response, 200, shown(account)))],
  ['PATCH', /^\/api\/me$/, changeMe],
  ['DELETE', /^\/api\/me$/, closeAccount],
  ['POST', /^\/api\/me\/password$/, changePassword],
  ['GET', /^\/api\/me\/sessions$/, listSessions],
  ['DELETE', /^\/api\/me\/sessions\/([^/]+)$/, endSession],
  [
    'GET',
    /^\/api\/me\/addresses$/,
    mine((call, { addresses }) => json(call.response, 200, { items: addresses })),
  ],
  ['POST', /^\/api\/me\/addresses$/, saveAddress],
  ['PUT', /^\/api\/me\/addresses\/([^/]+)$/, saveAddress],
  ['DELETE', /^\/api\/me\/addresses\/([^/]+)$/, removeAddress],
  [
    'GET',
    /^\/api\/me\/export$/,
    mine((call, account) => json(call.response, 200, { profile: shown(account) })),
  ],
  [
    'GET',
    /^\/api\/me\/second-factor$/,
    mine((call, { second_factor, recoveryCodes }) =>
      json(call.response, 200, {
        enabled: second_factor,
        recovery_codes_left: recoveryCodes.length,
      }),
    ),
  ],
  ['POST', /^\/api\/me\/second-factor$/, startFactor],
  ['POST', /^\/api\/me\/second-factor\/confirm$/, giveCodes],
  ['POST', /^\/api\/me\/second-factor\/recovery-codes$/, giveCodes],
  ['DELETE', /^\/api\/me\/second-factor$/, endFactor],
  [
    'GET',
    /^\/api\/me\/api-keys$/,
    mine((call, { keys }) => json(call.response, 200, { items: keys })),
  ],
  ['POST', /^\/api\/me\/api-keys$/, makeKey],
  ['DELETE', /^\/api\/me\/api-keys\/([^/]+)$/, revokeKey],
  ['GET', /^\/api\/me\/wishlist$/, mine(wishList)],
  [
    'GET',
    /^\/api\/me\/wishlist\/products$/,
    mine((call, { wishes }) =>
      json(call.response, 200, { items: wishes.flatMap((slug) => onShow(slug) ?? []) }),
    ),
  ],
  ['POST', /^\/api\/me\/wishlist\/items$/, mergeWishes],
  ['PUT', /^\/api\/me\/wishlist\/items\/([^/]+)$/, changeWish],
  ['DELETE', /^\/api\/me\/wishlist\/items\/([^/]+)$/, changeWish],
  ['POST', /^\/api\/dev\/accounts$/, addAccount],
];
