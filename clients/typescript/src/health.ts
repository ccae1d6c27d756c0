/** Upstream state as plain values: how each entry and profile is. Absent as undefined. */

import { type LaterValue, type NameOf, nameOf } from "./enumeration.js";
import * as pb from "./gen/remora/v1/health.js";
import { type Reason, reasonOf } from "./reason.js";

/** CLOSED: traffic flows. OPEN: none. HALF_OPEN: one probe decides. */
export type BreakerState = NameOf<typeof pb.BreakerState> | LaterValue;

/** One entry at one base URL. */
export interface EntryHealth {
  /** "provider/model-id". */
  readonly entry: string;
  readonly baseUrl: string;
  readonly state: BreakerState | undefined;
  /** Since when it is in this state; absent: since the start. */
  readonly sinceTime: Date | undefined;
  /** The last failure's reason. */
  readonly reason: Reason | undefined;
  /** The last error as seen from here, never the provider's words. */
  readonly lastError: string;
  /** Failures since the last success. */
  readonly consecutiveFailures: number;
  /** Openings since the start; so are the counts below. */
  readonly openings: number;
  readonly attempts: number;
  readonly successes: number;
  readonly failures: number;
  /** When it may be called again; absent: now. */
  readonly nextAttemptTime: Date | undefined;
  readonly cooldownEndTime: Date | undefined;
}

/** One named credential. Remaining quota is the provider's word. */
export interface ProfileHealth {
  readonly provider: string;
  readonly profile: string;
  /** Absent: the cooldown is for all models. */
  readonly model: string | undefined;
  readonly cooldownEndTime: Date | undefined;
  readonly reason: Reason | undefined;
  readonly remainingRequests: number | undefined;
  readonly remainingTokens: number | undefined;
}

/** A snapshot, or one change. A later snapshot replaces everything told before. */
export interface Health {
  /** Whether this is everything; else it is what changed. */
  readonly snapshot: boolean;
  readonly entries: readonly EntryHealth[];
  readonly profiles: readonly ProfileHealth[];
  /** What caused a change, for a person. */
  readonly cause: string;
  readonly observedTime: Date | undefined;
  /** Why the sidecar refused its newest configuration and goes on with the one before; empty: it did not. */
  readonly configurationProblem: string;
}

/** What to forget: one entry ("provider/model-id"), one profile ("provider/profile"), or everything. */
export type HealthScope = { readonly entry: string } | { readonly profile: string } | { readonly all: true };

/** What was forgotten. */
export interface HealthReset {
  readonly entries: readonly string[];
  readonly profiles: readonly string[];
}

/** The snapshot or change a message carries. */
export function healthFrom(message: pb.HealthResponse): Health {
  const { snapshot, cause, observedTime, configurationProblem } = message;
  const entries = message.entries.map(entryFrom);
  return { snapshot, entries, profiles: message.profiles.map(profileFrom), cause, observedTime, configurationProblem };
}

/** The request to forget a scope; TypeError for none or several. */
export function resetRequest(scope: HealthScope): pb.ResetHealthRequest {
  if (Object.keys(scope).length !== 1) throw new TypeError("give exactly one of entry, profile and all");
  if ("entry" in scope) return { scope: { $case: "entry", value: scope.entry } };
  if ("profile" in scope) return { scope: { $case: "profile", value: scope.profile } };
  return { scope: { $case: "all", value: true } };
}

function entryFrom(message: pb.EntryHealth): EntryHealth {
  return {
    entry: message.entry,
    baseUrl: message.baseUrl,
    state: nameOf(pb.BreakerState, message.state),
    sinceTime: message.sinceTime,
    reason: reasonOf(message.reason),
    lastError: message.lastError,
    consecutiveFailures: message.consecutiveFailures,
    openings: message.openings,
    attempts: message.attempts,
    successes: message.successes,
    failures: message.failures,
    nextAttemptTime: message.nextAttemptTime,
    cooldownEndTime: message.cooldownEndTime,
  };
}

function profileFrom(message: pb.ProfileHealth): ProfileHealth {
  const { provider, profile, model, cooldownEndTime, remainingRequests, remainingTokens } = message;
  const reason = reasonOf(message.reason);
  return { provider, profile, model, cooldownEndTime, reason, remainingRequests, remainingTokens };
}
