/** Enum values of the contract as names: unset is undefined, values of later versions stay visible. */

/** A value of a later version than this client: its number. */
export type LaterValue = `VALUE_${number}`;

type Unset = "UNSPECIFIED" | "UNRECOGNIZED";

/** The names of a generated enum's values, without prefix. */
export type NameOf<Enum> = Exclude<keyof Enum & string, Unset>;

/** The same in lower case, as options are written. */
export type Choice<Enum> = Lowercase<NameOf<Enum>>;

/** The name of a number; undefined for 0, which means absent. */
export function nameOf<Enum extends object>(values: Enum, number: number): NameOf<Enum> | LaterValue | undefined {
  if (number === 0) return undefined;
  const name = (values as Record<number, string | undefined>)[number];
  return name === undefined ? `VALUE_${number}` : (name as NameOf<Enum>);
}

/** The number of an option's value; TypeError that names the option and its choices for any other. */
export function numberOf<Enum extends object>(values: Enum, choice: string, option: string): Enum[keyof Enum] {
  const name = choice.toUpperCase();
  const found = (values as Record<string, unknown>)[name];
  if (typeof found !== "number" || found <= 0 || choice !== choice.toLowerCase()) {
    const known = Object.entries(values).filter(([, number]) => typeof number === "number" && number > 0);
    throw new TypeError(`${option} must be one of ${known.map(([key]) => `"${key.toLowerCase()}"`).join(", ")}`);
  }
  return found as Enum[keyof Enum];
}
