"""Certificates of our own making, judged by OpenSSL and by the clock."""

from __future__ import annotations

import ssl
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from sidecar.injector import certificate
from sidecar.injector.certificate import AUTHORITY_LIFE, SERVING_LIFE, SKEW, Material, Pair, renewed

HOST = "remora-injector.remora-system.svc"
NOW = datetime(2026, 11, 2, tzinfo=UTC)
REAL_NOW = datetime.now(UTC)
SECOND = timedelta(seconds=1)
FIRST = renewed(None, HOST, NOW).material


def count(pem: bytes) -> int:
    return pem.count(b"BEGIN CERTIFICATE")


def test_with_nothing_held_an_authority_and_what_it_signs_are_made() -> None:
    renewal = renewed(None, HOST, NOW)
    assert renewal.changes == ("certificate authority", "serving certificate")
    assert renewal.material.trusted == renewal.material.authority.certificate
    assert certificate.is_serving(renewal.material.serving, renewal.material.authority, HOST, NOW)


def test_as_long_as_nothing_is_due_nothing_changes() -> None:
    due_at = NOW + SERVING_LIFE - (SERVING_LIFE + SKEW) / 3
    assert renewed(FIRST, HOST, due_at) == certificate.Renewal(FIRST, ())


def test_a_serving_certificate_is_renewed_by_the_same_authority_with_less_than_a_third_left() -> None:
    renewal = renewed(FIRST, HOST, NOW + SERVING_LIFE - (SERVING_LIFE + SKEW) / 3 + SECOND)
    assert renewal.changes == ("serving certificate",)
    assert (renewal.material.authority, renewal.material.trusted) == (FIRST.authority, FIRST.trusted)
    assert renewal.material.serving.key != FIRST.serving.key


def test_an_authority_is_renewed_with_less_than_a_third_left_and_both_are_trusted() -> None:
    due_at = NOW + AUTHORITY_LIFE - (AUTHORITY_LIFE + SKEW) / 3
    assert "certificate authority" not in renewed(FIRST, HOST, due_at).changes
    second = renewed(FIRST, HOST, due_at + SECOND)
    assert second.changes == ("certificate authority", "serving certificate")
    assert second.material.trusted == second.material.authority.certificate + FIRST.authority.certificate
    assert certificate.is_serving(second.material.serving, second.material.authority, HOST, due_at)
    ended_at = NOW + AUTHORITY_LIFE + SECOND
    third = renewed(second.material, HOST, ended_at)
    assert third.material.trusted == second.material.authority.certificate


def test_an_authority_that_ended_is_trusted_no_longer_even_if_nothing_else_is_due() -> None:
    later = NOW + AUTHORITY_LIFE + SECOND
    current = renewed(None, HOST, later - timedelta(days=30)).material
    held = replace(current, trusted=current.trusted + FIRST.authority.certificate)
    renewal = renewed(held, HOST, later)
    assert renewal.changes == ("trusted authorities",)
    assert renewal.material == replace(held, trusted=current.trusted)


def test_another_host_needs_another_serving_certificate() -> None:
    assert renewed(FIRST, "other.ns.svc", NOW).changes == ("serving certificate",)


OTHER = renewed(None, HOST, NOW).material


@pytest.mark.parametrize(
    "serving",
    [
        Pair(b"", b""),
        Pair(b"odd", FIRST.serving.key),
        Pair(FIRST.serving.certificate, b"odd"),
        Pair(FIRST.serving.certificate, OTHER.serving.key),
        OTHER.serving,
        FIRST.authority,
    ],
)
def test_a_broken_or_foreign_serving_certificate_is_replaced(serving: Pair) -> None:
    renewal = renewed(replace(FIRST, serving=serving), HOST, NOW)
    assert renewal.changes == ("serving certificate",)
    assert renewal.material.trusted == FIRST.trusted


@pytest.mark.parametrize(
    "authority",
    [
        Pair(b"", FIRST.authority.key),
        Pair(b"odd", FIRST.authority.key),
        Pair(FIRST.authority.certificate, b"odd"),
        Pair(FIRST.authority.certificate, OTHER.authority.key),
        FIRST.serving,
    ],
)
def test_a_broken_authority_is_replaced_with_all_that_it_signed(authority: Pair) -> None:
    renewal = renewed(Material(authority, FIRST.serving, authority.certificate), HOST, NOW)
    assert renewal.changes == ("certificate authority", "serving certificate")
    assert renewal.material.trusted.startswith(renewal.material.authority.certificate)
    assert certificate.is_serving(renewal.material.serving, renewal.material.authority, HOST, NOW)


def test_the_certificates_say_what_they_are_for() -> None:
    authority = x509.load_pem_x509_certificate(FIRST.authority.certificate)
    serving = x509.load_pem_x509_certificate(FIRST.serving.certificate)
    for one, life in ((authority, AUTHORITY_LIFE), (serving, SERVING_LIFE)):
        key = one.public_key()
        assert isinstance(key, ec.EllipticCurvePublicKey)
        assert key.curve.name == "secp256r1"
        assert (one.not_valid_before_utc, one.not_valid_after_utc) == (NOW - SKEW, NOW + life)
    assert authority.extensions.get_extension_for_class(x509.BasicConstraints).value == x509.BasicConstraints(True, 0)
    assert serving.extensions.get_extension_for_class(x509.BasicConstraints).value == x509.BasicConstraints(False, None)
    permitted = authority.extensions.get_extension_for_class(x509.NameConstraints).value.permitted_subtrees
    assert permitted == [x509.DNSName(HOST)]
    assert certificate.ends_at(FIRST.serving.certificate) == NOW + SERVING_LIFE


def handshake(folder: Path, trusted: bytes, serving: Pair, host: str) -> None:
    """Both sides in memory. Raises ssl.SSLError where the client does not believe the server."""
    for name, data in (("crt", serving.certificate), ("key", serving.key)):
        (folder / name).write_bytes(data)
    served = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    served.load_cert_chain(folder / "crt", folder / "key")
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    context = ssl.create_default_context(cadata=trusted.decode())
    client = context.wrap_bio(to_client, to_server, server_hostname=host)
    server = served.wrap_bio(to_server, to_client, server_side=True)
    for _ in range(4):
        for side in (client, server):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                pass  # the other side's turn
    assert client.version() == "TLSv1.3"


def test_openssl_believes_the_old_and_the_new_while_both_are_trusted(tmp_path: Path) -> None:
    # It judges by the real clock: two years ago an authority was made that is due today.
    old = renewed(None, HOST, REAL_NOW - timedelta(days=2 * 365 + 10)).material
    old = replace(old, serving=certificate.make_serving(old.authority, HOST, REAL_NOW))
    new = renewed(old, HOST, REAL_NOW).material
    assert count(new.trusted) == 2
    handshake(tmp_path, new.trusted, new.serving, HOST)
    handshake(tmp_path, new.trusted, old.serving, HOST)
    with pytest.raises(ssl.SSLCertVerificationError):
        handshake(tmp_path, old.trusted, new.serving, HOST)


def test_what_the_authority_would_sign_for_another_host_is_not_believed(tmp_path: Path) -> None:
    held = renewed(None, HOST, REAL_NOW).material
    stolen = certificate.make_serving(held.authority, "bank.example", REAL_NOW)
    with pytest.raises(ssl.SSLCertVerificationError, match="permitted subtree violation"):
        handshake(tmp_path, held.trusted, stolen, "bank.example")


def test_keys_are_in_no_repr() -> None:
    assert "PRIVATE" not in repr(FIRST)
