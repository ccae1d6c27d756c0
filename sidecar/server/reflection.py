"""Server reflection, v1 and v1alpha: the two protocols differ in nothing but the package's name.

The installed package has v1alpha only. Its servicer serves both, and its descriptor, renamed, describes v1.
"""

from __future__ import annotations

from typing import Any

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool
from grpc_reflection.v1alpha import reflection, reflection_pb2

V1 = "grpc.reflection.v1.ServerReflection"
V1_ALPHA: str = reflection.SERVICE_NAME
FILE = "grpc/reflection/v1/reflection.proto"


def add_reflection(server: Any, names: tuple[str, ...]) -> None:
    """Makes the server list and describe the services `names`. `server`: what handlers are registered with."""
    describe_v1()
    handler = grpc.stream_stream_rpc_method_handler(
        reflection.aio.ReflectionServicer(service_names=names).ServerReflectionInfo,
        request_deserializer=reflection_pb2.ServerReflectionRequest.FromString,
        response_serializer=reflection_pb2.ServerReflectionResponse.SerializeToString,
    )
    for service in (V1, V1_ALPHA):
        generic = grpc.method_handlers_generic_handler(service, {"ServerReflectionInfo": handler})
        server.add_generic_rpc_handlers((generic,))


def describe_v1() -> None:
    """Adds v1's descriptor to the process's pool, unless something else has."""
    pool = descriptor_pool.Default()
    try:
        pool.FindFileByName(FILE)
        return
    except KeyError:
        pass  # the usual case: nobody has brought it
    file = descriptor_pb2.FileDescriptorProto()
    reflection_pb2.DESCRIPTOR.CopyToProto(file)
    file.name, file.package = FILE, "grpc.reflection.v1"
    for message in file.message_type:
        for field in message.field:
            if field.HasField("type_name"):
                field.type_name = _renamed(field.type_name)
    for service in file.service:
        for method in service.method:
            method.input_type, method.output_type = _renamed(method.input_type), _renamed(method.output_type)
    pool.AddSerializedFile(file.SerializeToString())


def _renamed(name: str) -> str:
    return name.replace(".grpc.reflection.v1alpha.", ".grpc.reflection.v1.")
