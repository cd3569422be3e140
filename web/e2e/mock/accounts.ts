/** People with accounts, and the devices they are signed in with, in the mock's memory. */
import { randomUUID } from 'node:crypto';
import type { ApiKeyView, SavedAddress, SessionView, User } from '../../src/lib/api/types.ts';

export interface Account extends User {
  password: string;
  addresses: SavedAddress[];
  keys: ApiKeyView[];
  recoveryCodes: string[];
  /** Slugs, the newest first. */
  wishes: string[];
}

type Device = Omit<SessionView, 'current'> & { email: string };

/** By e-mail. */
export const accounts = new Map<string, Account>();
export const devices = new Map<string, Device>();
/** Access and refresh tokens, and whose device each belongs to. */
export const tokens = new Map<string, string>();
/** The tokens of mails that were used. */
export const used = new Set<string>();

/** The code that every authenticator app shows here. */
export const CODE = '123456';
export const SECRET = 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP';
/** A password that is known to have leaked. */
export const LEAKED = 'password1234';

export function addAccount(given: Partial<Account> & { email: string }): Account {
  const account: Account = {
    id: randomUUID(),
    name: '王小明',
    phone: null,
    roles: [],
    email_verified: true,
    second_factor: false,
    password: 'correct-horse',
    addresses: [],
    keys: [],
    wishes: [],
    recoveryCodes: given.second_factor ? recoveryCodes() : [],
    ...given,
  };
  accounts.set(account.email, account);
  return account;
}

export function resetAccounts(): void {
  for (const map of [accounts, devices, tokens]) map.clear();
  used.clear();
  addAccount({ email: 'ming@example.com' });
}

export function recoveryCodes(): string[] {
  return Array.from({ length: 10 }, (_, at) => `k7pm${'23456789ab'.charAt(at)}-w2xqr`);
}

/** The link that a mail to this address carries. */
export function mailed(purpose: 'verify' | 'reset', email: string): string {
  return `${purpose}_${Buffer.from(email).toString('hex')}`;
}

/** Whose mail a token is from; each works once. */
export function readMailed(purpose: 'verify' | 'reset', token: string): Account | undefined {
  const [kind, hex] = token.split('_', 2);
  if (kind !== purpose || !hex || used.has(token)) return undefined;
  const account = accounts.get(Buffer.from(hex, 'hex').toString());
  if (account) used.add(token);
  return account;
}

/** Ends the sessions of somebody, but for one. */
export function endSessions(email: string, kept?: string): void {
  for (const [id, device] of devices) {
    if (device.email === email && id !== kept) endSession(id);
  }
}

export function endSession(id: string): void {
  devices.delete(id);
  for (const [token, session] of tokens) if (session === id) tokens.delete(token);
}
