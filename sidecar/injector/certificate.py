"""Certificates of the injector's own making: an authority, what it signs, and when they are due.

Instants are aware and come from outside. Private keys are in no repr.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

AUTHORITY_LIFE = timedelta(days=3 * 365)
SERVING_LIFE = timedelta(days=90)
DUE_SHARE = 3
"""Due when less than one part in so many of its life is left."""
SKEW = timedelta(hours=1)
"""Valid from so long ago on, for clocks that differ."""
_BROKEN = (ValueError, TypeError, InvalidSignature, x509.ExtensionNotFound)


@dataclass(frozen=True)
class Pair:
    """A certificate and its private key, both as PEM."""

    certificate: bytes
    key: bytes = field(repr=False)


@dataclass(frozen=True)
class Material:
    """All that is kept. `trusted`: the authority's certificate, then former ones that have not ended; PEM."""

    authority: Pair
    serving: Pair
    trusted: bytes


@dataclass(frozen=True)
class Renewal:
    """`changes`: what was made anew, in words; empty where everything stays."""

    material: Material
    changes: tuple[str, ...]


def renewed(held: Material | None, host: str, now: datetime) -> Renewal:
    """What should be held from now on, for a server called `host`.

    What is due, broken or another host's is made anew; a new authority is trusted beside the old, and signs at once.
    """
    changes = []
    if held is not None and _is_good_authority(held.authority, now):
        authority = held.authority
    else:
        authority = make_authority(host, now)
        changes.append("certificate authority")
    if held is not None and not changes and is_serving(held.serving, authority, host, now):
        serving = held.serving
    else:
        serving = make_serving(authority, host, now)
        changes.append("serving certificate")
    former = held.trusted + b"\n" + held.authority.certificate if held is not None else b""
    trusted = _bundle(authority.certificate, former, now)
    if held is not None and trusted != held.trusted and not changes:
        changes.append("trusted authorities")
    return Renewal(Material(authority, serving, trusted), tuple(changes))


def make_authority(host: str, now: datetime) -> Pair:
    """An authority for `host` and nothing else: who steals its key can pretend to be the injector only."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = _name("remora injector authority")
    built = (
        _builder(name, name, key.public_key(), (now, AUTHORITY_LIFE))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .add_extension(x509.NameConstraints([x509.DNSName(host)], None), critical=True)
    )
    return _signed(built, key, key)


def make_serving(authority: Pair, host: str, now: datetime) -> Pair:
    """A server's certificate for `host`."""
    issuer = x509.load_pem_x509_certificate(authority.certificate)
    issuing = _key(authority)
    key = ec.generate_private_key(ec.SECP256R1())
    built = (
        _builder(_name("remora injector"), issuer.subject, key.public_key(), (now, SERVING_LIFE))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuing.public_key()), critical=False)
    )
    return _signed(built, key, issuing)


def is_serving(serving: Pair, authority: Pair, host: str, now: datetime) -> bool:
    """Whether a server may go on with it: whole, of this authority, for this host, and not due."""
    try:
        certificate = x509.load_pem_x509_certificate(serving.certificate)
        certificate.verify_directly_issued_by(x509.load_pem_x509_certificate(authority.certificate))
        named = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        is_ours = named.get_values_for_type(x509.DNSName) == [host] and _belong(certificate, serving)
    except _BROKEN:
        return False
    return is_ours and not _is_due(certificate, now)


def ends_at(pem: bytes) -> datetime:
    """When the first certificate of a PEM text ends. Raises ValueError."""
    return x509.load_pem_x509_certificate(pem).not_valid_after_utc


def _is_good_authority(authority: Pair, now: datetime) -> bool:
    try:
        certificate = x509.load_pem_x509_certificate(authority.certificate)
        can_sign = certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
        return can_sign and _belong(certificate, authority) and not _is_due(certificate, now)
    except _BROKEN:
        return False


def _is_due(certificate: x509.Certificate, now: datetime) -> bool:
    life = certificate.not_valid_after_utc - certificate.not_valid_before_utc
    return certificate.not_valid_after_utc - now < life / DUE_SHARE


def _belong(certificate: x509.Certificate, pair: Pair) -> bool:
    return certificate.public_key() == _key(pair).public_key()


def _bundle(current: bytes, former: bytes, now: datetime) -> bytes:
    """The current authority first, each once, without those that have ended and whatever cannot be read."""
    kept = [x509.load_pem_x509_certificate(current)]
    kept += [one for one in _readable(former) if one.not_valid_after_utc > now]
    return b"".join(one.public_bytes(serialization.Encoding.PEM) for one in dict.fromkeys(kept))


def _readable(pem: bytes) -> Iterable[x509.Certificate]:
    try:
        return x509.load_pem_x509_certificates(pem)
    except ValueError:
        return ()


def _key(pair: Pair) -> ec.EllipticCurvePrivateKey:
    key = serialization.load_pem_private_key(pair.key, password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise ValueError("not a key that was made here")
    return key


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, life: tuple[datetime, timedelta]
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(life[0] - SKEW)
        .not_valid_after(life[0] + life[1])
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _signed(builder: x509.CertificateBuilder, key: ec.EllipticCurvePrivateKey, by: ec.EllipticCurvePrivateKey) -> Pair:
    certificate = builder.sign(by, hashes.SHA256())
    return Pair(
        certificate.public_bytes(serialization.Encoding.PEM),
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()),
    )
