"""EmbedRequest as a core value, checked as a whole before any attempt."""

from __future__ import annotations

from ..core import content as c
from ..core.trace import Trace
from ..pb import chat_pb2
from .fields import Fields
from .incoming import check_rest, given_in, values_of

_TASKS = {chat_pb2.EmbedTask.Value(f"EMBED_TASK_{task.name}"): task for task in c.EmbedTask}


def embed_request_of(pb: chat_pb2.EmbedRequest, request_id: str, trace: Trace) -> c.Request:
    """The request as a core value. `request_id`: the caller's or generated.

    Raises CallError INVALID_INPUT with every field error, or NOT_BUILT naming every field this version cannot honour.
    """
    fields = Fields()
    given, embedding = given_in(pb), _embedding(pb, fields)
    request = c.Request(
        model=pb.model,
        messages=(),
        request_id=request_id,
        trace_id=trace.trace_id,
        trace=trace,
        size_bytes=pb.ByteSize(),
        omit_message=True,
        embedding=embedding,
        **values_of(pb, given, fields),
    )
    check_rest(pb, given, fields)
    fields.check()
    return request


def _embedding(pb: chat_pb2.EmbedRequest, fields: Fields) -> c.Embedding:
    inputs = tuple(pb.inputs)
    if not inputs:
        fields.wrong("inputs", "must have at least one text")
    for i, text in enumerate(inputs):
        if not text:
            fields.wrong(f"inputs[{i}]", "must not be empty")
    dimensions = pb.dimensions if pb.HasField("dimensions") else None
    fields.number("dimensions", dimensions, 1, float("inf"))
    return c.Embedding(inputs, dimensions, _task(pb, fields))


def _task(pb: chat_pb2.EmbedRequest, fields: Fields) -> c.EmbedTask | None:
    if pb.task == chat_pb2.EMBED_TASK_UNSPECIFIED:
        return None
    task = _TASKS.get(pb.task)
    if task is None:
        fields.wrong("task", f"unknown value {pb.task}")
    return task
