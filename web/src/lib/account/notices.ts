import { m } from '#lib/paraglide/messages.js';

/** What a page is told by the one before it: the code travels in the address, the words do not. */
const NOTICES = {
  registered: m.notice_registered,
  password_changed: m.notice_password_changed,
  password_reset: m.notice_password_reset,
  signed_out: m.notice_signed_out,
  address_saved: m.notice_address_saved,
  account_closed: m.notice_account_closed,
};

export type NoticeCode = keyof typeof NOTICES;

/** The address of a page that begins with a notice. */
export function withNotice(path: string, code: NoticeCode): string {
  const [before = '', hash] = path.split('#', 2);
  const mark = before.includes('?') ? '&' : '?';
  return `${before}${mark}notice=${code}${hash === undefined ? '' : `#${hash}`}`;
}

/** The words for a code, if there are any. */
export function noticeText(code: string | null): string | undefined {
  return code !== null && Object.hasOwn(NOTICES, code) ? NOTICES[code as NoticeCode]() : undefined;
}
