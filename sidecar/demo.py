"""`remora demo`: the demo is a caller like any other, so it lives with the client."""

from remora_client.demo import run

__all__ = ["run"]
