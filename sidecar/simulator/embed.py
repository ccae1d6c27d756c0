"""The vectors of simulated embeddings: the same text always gets the same one, whatever the model. Pure."""

from __future__ import annotations

import hashlib
import math
import struct
import sys
from array import array

DIMENSIONS = 1536
"""Of a vector whose length nobody asked for."""


def embedding_of(text: str, dimensions: int = DIMENSIONS) -> bytes:
    """Return the vector of `text`, of length 1, as 32-bit floats, little-endian.

    A shorter vector has the direction of the beginning of a longer one. Number i is made of bytes 4i to 4i+3 of the
    text's SHAKE-256, read as a little-endian signed integer.
    """
    digest = hashlib.shake_256(text.encode("utf-8", "surrogatepass")).digest(4 * dimensions)
    numbers = struct.unpack(f"<{dimensions}i", digest)
    length = math.sqrt(math.fsum(number * number for number in numbers)) or 1.0
    floats = array("f", [number / length for number in numbers])
    if sys.byteorder == "big":
        floats.byteswap()
    return floats.tobytes()
