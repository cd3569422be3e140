/** What to call a device that somebody signed in with; its user agent says more than is wanted. */

type Rule = [name: string, mark: RegExp];

/** The first that fits: most browsers also claim to be others. */
const BROWSERS: Rule[] = [
  ['LINE', /\bLine\//],
  ['Edge', /\bEdg(?:e|A|iOS)?\//],
  ['Opera', /\bOPR\//],
  ['Samsung Internet', /\bSamsungBrowser\//],
  ['Firefox', /\b(?:Firefox|FxiOS)\//],
  ['Chrome', /\b(?:Chrome|CriOS|Chromium)\//],
  ['Safari', /\bVersion\/.*\bSafari\//],
];

const SYSTEMS: Rule[] = [
  ['iPhone', /\biPhone\b/],
  ['iPad', /\biPad\b/],
  ['Android', /\bAndroid\b/],
  ['Windows', /\bWindows\b/],
  ['macOS', /\bMac OS X\b/],
  ['ChromeOS', /\bCrOS\b/],
  ['Linux', /\bLinux\b/],
];

const first = (rules: Rule[], text: string) => rules.find(([, mark]) => mark.test(text))?.[0];

/** `Chrome・macOS`; a program's own name where it is no browser; nothing where it said nothing. */
export function deviceName(userAgent: string | null | undefined): string | undefined {
  const text = userAgent?.trim() ?? '';
  const known = [first(BROWSERS, text), first(SYSTEMS, text)].filter(Boolean);
  if (known.length > 0) return known.join('・');
  return /^[\w.-]{2,40}/.exec(text)?.[0];
}
