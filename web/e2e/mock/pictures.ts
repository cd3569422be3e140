/** Placeholder pictures: a thing on a table, in the colours of its name. */

const GROUNDS = ['#d9c7a8', '#b9c4ae', '#d9b39c', '#adbecb'];
const BODIES = ['#7a4e35', '#2a4a7f', '#40644f', '#8a6a3a', '#a3543f', '#5b5d63'];

function hash(value: string): number {
  let sum = 7;
  for (const char of value) sum = (sum * 33 + (char.codePointAt(0) ?? 0)) % 100_003;
  return sum;
}

export function picture(name: string): string {
  const seed = hash(name);
  const ground = GROUNDS[seed % GROUNDS.length];
  const body = BODIES[seed % BODIES.length];
  const second = BODIES[(seed >> 3) % BODIES.length];
  const shapes = [
    `<path d="M310 380h380v210a190 190 0 0 1-380 0z" fill="${body}"/><ellipse cx="500" cy="380" rx="190" ry="42" fill="${second}"/>`,
    `<rect x="270" y="300" width="460" height="480" rx="14" fill="${body}"/><path d="M270 420h460M270 540h460M270 660h460" stroke="${ground}" stroke-width="26"/>`,
    `<circle cx="500" cy="560" r="215" fill="${body}"/><path d="M470 300h60v70h-60z" fill="${second}"/><path d="M700 520c130-20 130 120 10 150" fill="none" stroke="${body}" stroke-width="44"/>`,
    `<rect x="320" y="260" width="330" height="520" rx="10" fill="${body}"/><rect x="320" y="260" width="60" height="520" fill="${second}"/>`,
  ];
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1000 1000"><rect width="1000" height="1000" fill="${ground}"/><rect y="700" width="1000" height="300" fill="#00000014"/><ellipse cx="500" cy="800" rx="290" ry="40" fill="#00000022"/>${shapes[seed % shapes.length]}</svg>`;
}
