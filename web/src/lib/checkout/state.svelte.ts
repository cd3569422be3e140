import type { City } from '#lib/address/postal.ts';
import { checkValues, type Field, type FieldErrors, type Values } from './fields.ts';

/**
 * The checkout form while it is being filled in. A field complains only after it was left once,
 * and from then on is checked with every key.
 */
export class CheckoutState {
  values: Values = $state() as Values;
  readonly #cities: readonly City[];
  readonly #left = $state<Partial<Record<Field, boolean>>>({});
  /** What the server said about a value, until that value changes. */
  #refused: { errors: FieldErrors; values: Values } | undefined = $state();
  readonly #checked = $derived.by(() => checkValues(this.values, this.#cities));

  constructor(values: Values, cities: readonly City[]) {
    this.values = values;
    this.#cities = cities;
  }

  get isValid(): boolean {
    return this.#checked.ok;
  }

  leave(field: Field): void {
    this.#left[field] = true;
  }

  leaveAll(): void {
    for (const field of Object.keys(this.values) as Field[]) this.#left[field] = true;
  }

  refuse(errors: FieldErrors, values: Values): void {
    this.#refused = { errors, values: { ...values } };
  }

  /** The complaint to show beside a field, if any. */
  error(field: Field): string | undefined {
    const refused = this.#refused;
    if (refused?.errors[field] && refused.values[field] === this.values[field]) {
      return refused.errors[field];
    }
    return this.#left[field] && !this.#checked.ok ? this.#checked.errors[field] : undefined;
  }

  /** How many fields still need attention. */
  get complaints(): number {
    return (Object.keys(this.values) as Field[]).filter((field) => this.error(field)).length;
  }
}
