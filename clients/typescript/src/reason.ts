/** Why a call or an attempt failed. */

import { type NameOf, nameOf } from "./enumeration.js";
import { ErrorReason } from "./gen/remora/v1/error_reason.js";

/** A reason of the contract's closed list, such as `"RATE_LIMITED"`: the names of `remora.v1.ErrorReason`. */
export type KnownReason = NameOf<typeof ErrorReason>;

/** A known reason; values of later versions stay readable as text. */
export type Reason = KnownReason | (string & {});

/** The reason of a number; undefined for 0: nothing failed. */
export function reasonOf(number: ErrorReason): Reason | undefined {
  return nameOf(ErrorReason, number);
}
