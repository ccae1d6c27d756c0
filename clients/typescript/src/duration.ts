/** Milliseconds as the contract's durations, and back. */

import type { Duration } from "./gen/google/protobuf/duration.js";

/** A duration of so many milliseconds, to the nanosecond; TypeError for what is negative or not finite. */
export function durationOf(milliseconds: number, option: string): Duration {
  if (!Number.isFinite(milliseconds) || milliseconds < 0) {
    throw new TypeError(`${option} must be a finite number of milliseconds, 0 or more`);
  }
  const seconds = Math.floor(milliseconds / 1_000);
  const nanos = Math.round((milliseconds - seconds * 1_000) * 1e6);
  return nanos === 1e9 ? { seconds: seconds + 1, nanos: 0 } : { seconds, nanos };
}

/** A duration in milliseconds; undefined for none. */
export function milliseconds(duration: Duration): number;
export function milliseconds(duration: Duration | undefined): number | undefined;
export function milliseconds(duration: Duration | undefined): number | undefined {
  return duration && duration.seconds * 1_000 + duration.nanos / 1e6;
}
