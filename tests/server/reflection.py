"""Server reflection as grpcurl asks it."""

from __future__ import annotations

from collections.abc import Sequence

import grpc
from grpc_reflection.v1alpha import reflection_pb2 as pb


def ask_reflection(
    channel: grpc.Channel, version: str, request: pb.ServerReflectionRequest, metadata: Sequence[tuple[str, str]] = ()
) -> pb.ServerReflectionResponse:
    """One question; `version` is "v1" or "v1alpha"."""
    method = channel.stream_stream(
        f"/grpc.reflection.{version}.ServerReflection/ServerReflectionInfo",
        request_serializer=pb.ServerReflectionRequest.SerializeToString,
        response_deserializer=pb.ServerReflectionResponse.FromString,
    )
    return next(iter(method(iter([request]), timeout=5, metadata=metadata)))


def services_of(channel: grpc.Channel, version: str, metadata: Sequence[tuple[str, str]] = ()) -> set[str]:
    """The names of the services it lists."""
    answer = ask_reflection(channel, version, pb.ServerReflectionRequest(list_services=""), metadata)
    return {service.name for service in answer.list_services_response.service}
