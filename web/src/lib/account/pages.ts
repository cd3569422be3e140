import type { User } from '#lib/api/types.ts';
import type { IconName } from '#lib/components/Icon.svelte';
import { m } from '#lib/paraglide/messages.js';

export interface AccountPage {
  path: string;
  icon: IconName;
  title: string;
  text: string;
}

/** Programs act for people who work here; customers have none. */
export function mayHaveKeys(user: Pick<User, 'roles'>): boolean {
  return user.roles.length > 0;
}

/** The pages of somebody's account. */
export function accountPages(user: Pick<User, 'roles'>): AccountPage[] {
  const pages: (AccountPage | false)[] = [
    {
      path: '/orders',
      icon: 'cart',
      title: m.orders_title(),
      text: m.account_orders_text(),
    },
    {
      path: '/account/profile',
      icon: 'user',
      title: m.account_profile(),
      text: m.account_profile_text(),
    },
    {
      path: '/account/addresses',
      icon: 'truck',
      title: m.account_addresses(),
      text: m.account_addresses_text(),
    },
    {
      path: '/account/password',
      icon: 'lock',
      title: m.account_password(),
      text: m.account_password_text(),
    },
    {
      path: '/account/security',
      icon: 'shield',
      title: m.account_security(),
      text: m.account_security_text(),
    },
    mayHaveKeys(user) && {
      path: '/account/api-keys',
      icon: 'key',
      title: m.account_keys(),
      text: m.account_keys_text(),
    },
    {
      path: '/account/privacy',
      icon: 'file',
      title: m.account_privacy(),
      text: m.account_privacy_text(),
    },
  ];
  return pages.filter((page) => page !== false);
}
