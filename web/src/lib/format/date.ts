import { m } from '#lib/paraglide/messages.js';
import { getLocale, type Locale } from '#lib/paraglide/runtime.js';

/** The shop's clock, whatever the machine's: times read the same on the server and in the browser. */
const TIME_ZONE = 'Asia/Taipei';

const DATE_TIME: Intl.DateTimeFormatOptions = {
  timeZone: TIME_ZONE,
  year: 'numeric',
  month: '2-digit',
  day: '2-digit',
  hour: '2-digit',
  minute: '2-digit',
  hourCycle: 'h23',
};

function parts(iso: string): Record<string, string> {
  const format = new Intl.DateTimeFormat('en-GB', DATE_TIME);
  return Object.fromEntries(format.formatToParts(new Date(iso)).map((p) => [p.type, p.value]));
}

const MONTHS = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ');

/** `2026/11/21 14:05`, in English `21 Nov 2026, 14:05`. */
export function formatDateTime(iso: string, locale: Locale = getLocale()): string {
  const { year, month, day, hour, minute } = parts(iso);
  return locale === 'en'
    ? `${Number(day)} ${MONTHS[Number(month) - 1]} ${year}, ${hour}:${minute}`
    : `${year}/${month}/${day} ${hour}:${minute}`;
}

/** A day without a time, `2026-12-24`: `2026/12/24`, in English `24 Dec 2026`. */
export function formatDay(day: string, locale: Locale = getLocale()): string {
  const [year, month, date] = day.split('-');
  return locale === 'en'
    ? `${Number(date)} ${MONTHS[Number(month) - 1]} ${year}`
    : `${year}/${month}/${date}`;
}

/** `14:05`. */
export function formatTime(iso: string): string {
  const { hour, minute } = parts(iso);
  return `${hour}:${minute}`;
}

/** Time left as `mm:ss`, over an hour `h:mm:ss`; never negative. */
export function formatCountdown(milliseconds: number): string {
  const seconds = Math.max(0, Math.ceil(milliseconds / 1000));
  const two = (n: number) => String(n).padStart(2, '0');
  const minutes = Math.floor(seconds / 60);
  const tail = `${two(minutes % 60)}:${two(seconds % 60)}`;
  return minutes >= 60 ? `${Math.floor(minutes / 60)}:${tail}` : tail;
}

/** A long time, to the unit that matters: `45 分鐘`, `20 小時`, `3 天`; never more than it is. */
export function formatSpan(minutes: number): string {
  if (minutes < 120) return m.wait_minutes({ count: Math.floor(minutes) });
  const hours = Math.floor(minutes / 60);
  return hours < 48
    ? m.wait_hours({ count: hours })
    : m.wait_days({ count: Math.floor(hours / 24) });
}

/** How long to wait: `40 秒`, `15 分鐘`, never less than it is. */
export function formatWait(seconds: number): string {
  if (seconds < 60) return m.wait_seconds({ count: seconds });
  const minutes = Math.ceil(seconds / 60);
  return minutes < 120
    ? m.wait_minutes({ count: minutes })
    : m.wait_hours({ count: Math.ceil(minutes / 60) });
}
