import type { Checked, FieldErrors } from './check.ts';

/**
 * A form while it is being filled in. A field complains only after it was left once, and from then
 * on is checked with every key.
 */
export class FormState<Field extends string> {
  values: Record<Field, string> = $state() as Record<Field, string>;
  readonly #check: (values: Record<Field, string>) => Checked<Field>;
  readonly #left = $state<Partial<Record<Field, boolean>>>({});
  /** What the server said about a value, until that value changes. */
  #refused: { errors: FieldErrors<Field>; values: Record<Field, string> } | undefined = $state();
  readonly #checked = $derived.by(() => this.#check(this.values));

  constructor(
    values: Record<Field, string>,
    check: (values: Record<Field, string>) => Checked<Field>,
  ) {
    this.values = values;
    this.#check = check;
  }

  get isValid(): boolean {
    return this.#checked.ok;
  }

  leave(field: Field): void {
    this.#left[field] = true;
  }

  leaveAll(): void {
    for (const field of this.#fields()) this.#left[field] = true;
  }

  refuse(errors: FieldErrors<Field>, values: Record<Field, string>): void {
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
    return this.#fields().filter((field) => this.error(field)).length;
  }

  #fields(): Field[] {
    return Object.keys(this.values) as Field[];
  }
}
