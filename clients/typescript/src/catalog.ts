/** What can be asked for, and embeddings, as plain values. */

import { type LaterValue, type NameOf, nameOf } from "./enumeration.js";
import * as pb from "./gen/remora/v1/chat.js";
import {
  type Cost,
  costFrom,
  type FailoverReport,
  reportFrom,
  type Target,
  targetFrom,
  type Usage,
  usageFrom,
} from "./report.js";

/** What a model can take and do. */
export type Capability = NameOf<typeof pb.Capability> | LaterValue;

/** A model. */
export interface ModelInfo {
  /** "provider/model-id". */
  readonly reference: string;
  readonly provider: string;
  readonly model: string;
  /** Absent: not known, everything is tried. */
  readonly capabilities: readonly Capability[] | undefined;
  /** Tokens; absent: not known. */
  readonly contextWindow: number | undefined;
  /** Micro-dollars per million tokens; absent: not known. */
  readonly inputPrice: number | undefined;
  readonly outputPrice: number | undefined;
  /** Entries of the chain a request for it would have. */
  readonly chainLength: number;
  /** Whether a request for it would be tried now. */
  readonly available: boolean;
}

/** An alias. */
export interface AliasInfo {
  readonly name: string;
  /** The references it expands to, in order. */
  readonly targets: readonly string[];
  /** Whether it takes no provider or global fallbacks. */
  readonly isolated: boolean;
  /** Whether embeddings may fail over between its targets. */
  readonly interchangeable: boolean;
  readonly chainLength: number;
  readonly available: boolean;
}

/** A pool and the references it chooses among. */
export interface PoolInfo {
  readonly name: string;
  readonly candidates: readonly string[];
  readonly available: boolean;
}

/** What can be asked for. */
export interface Catalog {
  readonly models: readonly ModelInfo[];
  readonly aliases: readonly AliasInfo[];
  readonly pools: readonly PoolInfo[];
  /** The model of calls that name none; absent: a call must name one. */
  readonly defaultModel: string | undefined;
}

/** One vector for each input, in order. */
export interface Embeddings {
  readonly vectors: readonly (readonly number[])[];
  readonly usage: Usage;
  readonly cost: Cost | undefined;
  readonly target: Target;
  readonly report: FailoverReport;
  readonly traceId: string;
}

/** The catalog a message lists. */
export function catalogFrom(message: pb.ListModelsResponse): Catalog {
  return {
    models: message.models.map(modelFrom),
    aliases: message.aliases.map(({ name, targets, isolated, interchangeable, chainLength, available }) => {
      return { name, targets, isolated, interchangeable, chainLength, available };
    }),
    pools: message.pools.map(({ name, candidates, available }) => ({ name, candidates, available })),
    defaultModel: message.defaultModel || undefined,
  };
}

/** The vectors a message carries. */
export function embeddingsFrom(message: pb.EmbedResponse): Embeddings {
  return {
    vectors: message.embeddings.map((embedding) => embedding.values),
    usage: usageFrom(message.usage),
    cost: costFrom(message.cost),
    target: targetFrom(message.target),
    report: reportFrom(message.report),
    traceId: message.traceId,
  };
}

function modelFrom(message: pb.ModelInfo): ModelInfo {
  const { reference, provider, model, contextWindow, inputPrice, outputPrice, chainLength, available } = message;
  const names = message.capabilities.flatMap((number) => nameOf(pb.Capability, number) ?? []);
  const capabilities = message.capabilitiesKnown ? names : undefined;
  return {
    reference,
    provider,
    model,
    capabilities,
    contextWindow,
    inputPrice,
    outputPrice,
    chainLength,
    available,
  };
}
