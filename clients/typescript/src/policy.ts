/** The switches of one call. */

import { durationOf } from "./duration.js";
import { type Choice, numberOf } from "./enumeration.js";
import * as pb from "./gen/remora/v1/policy.js";
import { whole } from "./settings.js";

/**
 * The fields of `remora.v1.Policy`: durations in milliseconds, values in lower case. Absent: the configuration's value.
 *
 * A caller may tighten the operator's limits, never exceed them.
 */
export interface Policy {
  /** Exactly the entries of the model asked for: no fallbacks. */
  readonly pin?: boolean | undefined;
  /** Only this profile, by name. */
  readonly profile?: string | undefined;
  /** Only these providers may see the prompt. */
  readonly onlyProviders?: readonly string[] | undefined;
  /** These providers may never see the prompt. */
  readonly neverProviders?: readonly string[] | undefined;
  /** What to do when the first content does not come in time. */
  readonly onSlow?: Choice<typeof pb.OnSlow> | undefined;
  /** How long the first content may take before `onSlow` acts. Over 0. */
  readonly firstContentMs?: number | undefined;
  /** How long the first content may take at the most. Over 0. */
  readonly firstContentLimitMs?: number | undefined;
  /** How long an answer may stay without any byte. Over 0. */
  readonly idleMs?: number | undefined;
  /** What to do when an answer breaks after its first content. */
  readonly onStreamBreak?: Choice<typeof pb.OnStreamBreak> | undefined;
  /** With "buffer": tokens held back, from 1. */
  readonly bufferTokens?: number | undefined;
  /** With "buffer": how long content is held back at the most. Over 0. */
  readonly bufferMs?: number | undefined;
  /** With "buffer": what holds once the buffer has been sent; not "buffer". */
  readonly bufferThen?: Choice<typeof pb.OnStreamBreak> | undefined;
  /** Whether an answer that breaks behind a finished tool call ends as TOOL_CALLS with `endInferred`. */
  readonly inferToolEnd?: boolean | undefined;
  /** What to do when the prompt does not fit. */
  readonly onContextOverflow?: Choice<typeof pb.OnContextOverflow> | undefined;
  /** What to do when a provider's safety system refuses. */
  readonly onContentFiltered?: Choice<typeof pb.OnContentFiltered> | undefined;
  /** Whether tools may be given as instructions in the prompt. */
  readonly promptGuidedTools?: Choice<typeof pb.PromptGuidedTools> | undefined;
  /** Whether an unavailable target may be probed early when nothing else is callable. */
  readonly lastResort?: boolean | undefined;
  /** Upstream calls at the most, from 1. */
  readonly maxAttempts?: number | undefined;
  /** How long the call may wait in all for something to become callable. 0 or more. */
  readonly maxWaitMs?: number | undefined;
}

/** The contract's message; TypeError for an unknown value, a part of a number, or a duration that is negative or not finite. */
export function policyMessage(policy: Policy): pb.Policy {
  const duration = (ms: number | undefined, option: string) => (ms === undefined ? undefined : durationOf(ms, option));
  return {
    pin: policy.pin,
    profile: policy.profile,
    onlyProviders: [...(policy.onlyProviders ?? [])],
    neverProviders: [...(policy.neverProviders ?? [])],
    onSlow: chosen(pb.OnSlow, policy.onSlow, "onSlow"),
    firstContentDuration: duration(policy.firstContentMs, "firstContentMs"),
    firstContentLimitDuration: duration(policy.firstContentLimitMs, "firstContentLimitMs"),
    idleDuration: duration(policy.idleMs, "idleMs"),
    onStreamBreak: chosen(pb.OnStreamBreak, policy.onStreamBreak, "onStreamBreak"),
    bufferTokens: whole(policy.bufferTokens, "bufferTokens"),
    bufferDuration: duration(policy.bufferMs, "bufferMs"),
    bufferThen: chosen(pb.OnStreamBreak, policy.bufferThen, "bufferThen"),
    inferToolEnd: policy.inferToolEnd,
    onContextOverflow: chosen(pb.OnContextOverflow, policy.onContextOverflow, "onContextOverflow"),
    onContentFiltered: chosen(pb.OnContentFiltered, policy.onContentFiltered, "onContentFiltered"),
    promptGuidedTools: chosen(pb.PromptGuidedTools, policy.promptGuidedTools, "promptGuidedTools"),
    lastResort: policy.lastResort,
    maxAttempts: whole(policy.maxAttempts, "maxAttempts"),
    maxWaitDuration: duration(policy.maxWaitMs, "maxWaitMs"),
  };
}

function chosen<Enum extends object & { UNSPECIFIED: Enum[keyof Enum] }>(
  values: Enum,
  choice: string | undefined,
  option: string,
): Enum[keyof Enum] {
  return choice === undefined ? values.UNSPECIFIED : numberOf(values, choice, option);
}
