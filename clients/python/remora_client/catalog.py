"""What can be asked for, and embeddings, as plain values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias, TypedDict

from ._pb import chat_pb2 as pb
from .enumeration import short_name, value_number
from .fields import check_known, new_message, texts
from .policy import Policy, policy_message
from .report import Cost, FailoverReport, Target, Usage, cost_from, report_from, target_from, usage_from

_CAPABILITY = pb.DESCRIPTOR.enum_types_by_name["Capability"]
_TASK = pb.DESCRIPTOR.enum_types_by_name["EmbedTask"]

EmbedTask: TypeAlias = Literal["document", "query", "similarity", "classification", "clustering"]


class EmbedOptions(TypedDict, total=False):
    """The options of `embed`; bounds and defaults are those of `remora.v1.EmbedRequest`."""

    dimensions: int
    task: EmbedTask
    policy: Policy
    request_id: str
    end_user_id: str
    metadata: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """A model. `capabilities` None: not known, everything is tried. Prices: micro-dollars per million tokens."""

    reference: str
    provider: str
    model: str
    capabilities: frozenset[str] | None
    context_window: int | None
    input_price: int | None
    output_price: int | None
    chain_length: int
    available: bool


@dataclass(frozen=True, slots=True)
class AliasInfo:
    """An alias, the references it expands to, and the length of the chain a request for it would have."""

    name: str
    targets: tuple[str, ...]
    isolated: bool
    interchangeable: bool
    chain_length: int
    available: bool


@dataclass(frozen=True, slots=True)
class PoolInfo:
    """A pool and the references it chooses among."""

    name: str
    candidates: tuple[str, ...]
    available: bool


@dataclass(frozen=True, slots=True)
class Catalog:
    """What can be asked for. `default_model` None: a call must name one."""

    models: tuple[ModelInfo, ...]
    aliases: tuple[AliasInfo, ...]
    pools: tuple[PoolInfo, ...]
    default_model: str | None


@dataclass(frozen=True, slots=True)
class Embeddings:
    """One vector for each input, in order."""

    vectors: tuple[tuple[float, ...], ...]
    usage: Usage
    cost: Cost | None
    target: Target
    report: FailoverReport
    trace_id: str


def catalog_from(message: pb.ListModelsResponse) -> Catalog:
    """The catalog a message lists."""
    return Catalog(
        models=tuple(map(_model_from, message.models)),
        aliases=tuple(
            AliasInfo(a.name, tuple(a.targets), a.isolated, a.interchangeable, a.chain_length, a.available)
            for a in message.aliases
        ),
        pools=tuple(PoolInfo(p.name, tuple(p.candidates), p.available) for p in message.pools),
        default_model=message.default_model or None,
    )


def embed_request(model: str | None, inputs: str | Sequence[str], options: EmbedOptions) -> pb.EmbedRequest:
    """The request to embed one text or several; ValueError for none, TypeError for an unknown option."""
    given = {name: value for name, value in options.items() if value is not None}
    check_known(given, EmbedOptions)
    asked = texts(inputs, "inputs")
    if not asked:
        raise ValueError("embed needs at least one text")
    policy, task = given.pop("policy", None), given.pop("task", None)
    request = new_message(pb.EmbedRequest, {"model": model or "", "inputs": asked, **given})
    if policy is not None:
        request.policy.CopyFrom(policy_message(policy))
    if task is not None:
        request.task = pb.EmbedTask.ValueType(value_number(_TASK, task, "EMBED_TASK_", "task"))
    return request


def embeddings_from(message: pb.EmbedResponse) -> Embeddings:
    """The vectors a message carries."""
    return Embeddings(
        vectors=tuple(tuple(embedding.values) for embedding in message.embeddings),
        usage=usage_from(message.usage),
        cost=cost_from(message.cost) if message.HasField("cost") else None,
        target=target_from(message.target),
        report=report_from(message.report),
        trace_id=message.trace_id,
    )


def _model_from(message: pb.ModelInfo) -> ModelInfo:
    names = (short_name(_CAPABILITY, number, "CAPABILITY_") for number in message.capabilities)
    return ModelInfo(
        reference=message.reference,
        provider=message.provider,
        model=message.model,
        capabilities=frozenset(name for name in names if name) if message.capabilities_known else None,
        context_window=message.context_window if message.HasField("context_window") else None,
        input_price=message.input_price if message.HasField("input_price") else None,
        output_price=message.output_price if message.HasField("output_price") else None,
        chain_length=message.chain_length,
        available=message.available,
    )
