import { describe, expect, it } from 'vitest';
import { MOST, MOST_OF_ACCOUNT, readList, toggled } from './list.ts';

describe('readList', () => {
  it.each([null, '', '{', '{}', 'null', '7', '[1,null,{}]', '["../x","A","",""]'])(
    'finds nothing in %j',
    (text) => expect(readList(text)).toEqual([]),
  );

  it('keeps slugs, each once, and not too many', () => {
    expect(readList('["mug","tea-pot","mug",3]')).toEqual(['mug', 'tea-pot']);
    const many = Array.from({ length: MOST + 5 }, (_, n) => `p${n}`);
    expect(readList(JSON.stringify(many))).toEqual(many.slice(0, MOST));
  });
});

describe('toggled', () => {
  it('puts on at the head, and takes off', () => {
    expect(toggled(['mug'], 'pot')).toEqual(['pot', 'mug']);
    expect(toggled(['pot', 'mug'], 'pot')).toEqual(['mug']);
  });

  it('lets the oldest go when the list is full', () => {
    const full = Array.from({ length: MOST }, (_, n) => `p${n}`);
    expect(toggled(full, 'new')).toEqual(['new', ...full.slice(0, MOST - 1)]);
    expect(toggled(full, 'new', MOST_OF_ACCOUNT)).toEqual(['new', ...full]);
  });
});
