"""grpc.health.v1 in as much as a caller needs of it: one question, and whether the answer is SERVING.

The messages are so small that they are read as bytes (github.com/grpc/grpc, health.proto: the request has a string
`service` = 1, the response an enum `status` = 1, whose SERVING is 1): a package for them would be one more to install.
"""

from __future__ import annotations

CHECK = "/grpc.health.v1.Health/Check"
WHOLE_SERVER = b""
"""The request about the server as a whole: no service is named."""
_SERVING = b"\x08\x01"


def is_serving(response: bytes) -> bool:
    """Whether a HealthCheckResponse says SERVING."""
    return response == _SERVING
