import type { Product, Variant } from '#lib/api/types.ts';

/** The variant named in the address, else the first one that can be bought, else the first. */
export function selectVariant(product: Product, sku: string | null): Variant | undefined {
  return (
    product.variants.find((variant) => variant.sku === sku) ??
    product.variants.find(({ availability }) => availability !== 'sold_out') ??
    product.variants[0]
  );
}

export interface Choice {
  label: Variant['options'][number];
  /** The variant this choice leads to; nothing when the combination does not exist. */
  variant: Variant | undefined;
  isSelected: boolean;
}

export interface ChoiceGroup {
  name: Product['options'][number]['name'];
  choices: Choice[];
}

const same = (a: Choice['label'] | undefined, b: Choice['label'] | undefined) =>
  a?.zh_tw === b?.zh_tw && a?.en === b?.en;

/**
 * What can be chosen, seen from the selected variant: each value leads to the variant that keeps
 * the other options, else to any variant with that value.
 */
export function choiceGroups(product: Product, selected: Variant): ChoiceGroup[] {
  return product.options.map((option, at) => ({
    name: option.name,
    choices: option.values.map((label) => {
      const having = product.variants.filter((variant) => same(variant.options[at], label));
      const exact = having.find((variant) =>
        variant.options.every((value, i) => i === at || same(value, selected.options[i])),
      );
      const open = having.find(({ availability }) => availability !== 'sold_out');
      return {
        label,
        variant: exact ?? open ?? having[0],
        isSelected: same(selected.options[at], label),
      };
    }),
  }));
}
