"""Signatures under reasoning: what was not signed here, in the same space, is told apart. Pure."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac

from .wire import SignedBlock

# The same in every process: what one simulator signed, another takes. It guards nothing.
_KEY = b"the simulator's own signatures"
_NONCE_BYTES = 16
_MAC_BYTES = 32


def sign(text: str | None, space: str, nonce: str) -> str:
    """Return the signature under `text` (None: reasoning that is given out encrypted) in a space, as base64.

    `nonce` is any text; signatures of one text with two of them differ.
    """
    salt = hashlib.sha256(nonce.encode()).digest()[:_NONCE_BYTES]
    return base64.b64encode(salt + _mac(text, space, salt)).decode()


def is_signed(block: SignedBlock, space: str) -> bool:
    """Return whether the signature of `block` is one of `sign` under the same text in the same space."""
    try:
        raw = base64.b64decode(block.signature, validate=True)
    except (binascii.Error, ValueError):
        return False
    salt, mac = raw[:_NONCE_BYTES], raw[_NONCE_BYTES:]
    return len(mac) == _MAC_BYTES and hmac.compare_digest(mac, _mac(block.text, space, salt))


def _mac(text: str | None, space: str, salt: bytes) -> bytes:
    kind = b"encrypted" if text is None else b"text:" + text.encode("utf-8", "surrogatepass")
    return hmac.new(_KEY, salt + hashlib.sha256(space.encode()).digest() + kind, hashlib.sha256).digest()
