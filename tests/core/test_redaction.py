"""Secrets leave text in every form; ordinary words stay whole."""

from __future__ import annotations

import base64
import json
import time
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from sidecar.core.redaction import MARK, MIN_SECRET_CHARS, Redactor

NOTHING = Redactor([])
FAKE = "a1B2c3D4" * 3
"""No real key: the tests put prefixes before it."""

VISIBLE = st.characters(codec="utf-8", exclude_categories=["Cc", "Zs", "Zl", "Zp"])

WORDS = [
    "task-", "risk-", "asked", "desk-lamp", "task-12345678", "risk-assessment", "disk-usage-report", "whisk-y",
    "monkey", "keyboard", "keys", "author", "secretary", "sk-learn", "pplx-70b-online", "xai-compatible", "AQ.", "ghp_",
    "bearer token is missing", "Bearer authentication", "basic auth", "API key: missing", "model@profile", "3 @ 5", "token",
    "gpt-x", "https://example.invalid/v1/chat", "eyJ", "max_tokens=5000", "a=b", "max_tokens: 30000 > 8192",
]  # fmt: skip


@pytest.mark.parametrize("word", WORDS)
def test_ordinary_words_stay_whole(word: str) -> None:
    assert NOTHING.redact(f"the {word} failed") == f"the {word} failed"


@pytest.mark.parametrize(
    "secret",
    [
        "sk-" + FAKE, "sk-ant-api03-" + FAKE, "sk-proj-" + FAKE, "csk-" + FAKE, "gsk_" + FAKE, "xai-" + FAKE, "nvapi-" + FAKE,
        "pplx-" + FAKE, "AIza" + FAKE, "AQ." + FAKE, "ghp_" + FAKE, "gho_" + FAKE, "github_pat_" + FAKE, "xoxb-" + FAKE,
        "xoxp-1-" + FAKE, "hf_" + FAKE, "fw_" + FAKE, "AKIA" + "ABCDEFGHIJKL2345", "someone@example.com",
        "eyJhbGciOiJI." + "eyJzdWIiOiIx." + "c2lnbmF0dXJl", "eyJhbGciOiJI." + "eyJzdWIiOiIx", "sk-ab****yz", "xai-a***z",
    ],
)  # fmt: skip
@pytest.mark.parametrize(
    "around", ["{}", "Incorrect key provided: {}.", '{{"k":"{}"}}', "({})", "x={} y", "task_{}", "/{}/"]
)
def test_keys_with_a_known_prefix_tokens_and_addresses_are_replaced(secret: str, around: str) -> None:
    redacted = NOTHING.redact(around.format(secret))
    assert secret not in redacted
    assert MARK in redacted


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Authorization: Bearer abcdef", f"Authorization: Bearer {MARK}"),
        ("authorization: bearer token123 sent", f"authorization: bearer {MARK} sent"),
        ("Proxy-Authorization: Basic dXNlcg==", f"Proxy-Authorization: Basic {MARK}"),
        ("api_key=abc&x=1", f"api_key={MARK}&x=1"),
        ("key=abc, next", f"key={MARK}, next"),
        ("access_token='abc'", f"access_token='{MARK}'"),
        ("client-secret=abc;", f"client-secret={MARK};"),
        ("GET https://h.invalid/p?key=abc&alt=sse failed", f"GET https://h.invalid/p?{MARK} failed"),
        ("wss://h.invalid/p?a=1#f", f"wss://h.invalid/p?{MARK}"),
        ("postgres://user:pw@h.invalid/db", f"postgres://{MARK}h.invalid/db"),
        ("Your api key: ****abcd is invalid", f"Your api key: {MARK} is invalid"),
        ('{"x-api-key": "abc123def"}', f'{{"x-api-key": "{MARK}"}}'),
    ],
)
def test_values_that_are_named_as_secrets_are_replaced_and_their_names_kept(text: str, expected: str) -> None:
    assert NOTHING.redact(text) == expected


def forms(secret: str) -> list[str]:
    raw = secret.encode()
    encoded = [base64.b64encode(raw).decode(), base64.urlsafe_b64encode(raw).decode()]
    return [
        secret, json.dumps(secret)[1:-1], quote(secret, safe=""), quote(secret), quote_plus(secret),
        *encoded, *(text.rstrip("=") for text in encoded),
    ]  # fmt: skip


@given(
    st.lists(st.text(VISIBLE, min_size=4, max_size=40), min_size=1, max_size=4),
    st.text(max_size=20),
    st.text(max_size=20),
)
def test_no_configured_secret_is_left_in_any_form(secrets: list[str], before: str, after: str) -> None:
    secrets = [secret.strip() for secret in secrets]
    assume(all(len(secret) >= MIN_SECRET_CHARS for secret in secrets))
    redactor = Redactor(secrets)
    planted = [form for secret in secrets for form in forms(secret)]
    assume(not any(form in before + after + MARK + " | " or form in "***" for form in planted))
    redacted = redactor.redact(" | ".join([before, *planted, after]))
    assert [form for form in planted if form in redacted] == []


@pytest.mark.parametrize("before", ["", "u", "us", "user:", "longer-user:"])
@pytest.mark.parametrize("after", ["", "x", "xy", ":more"])
def test_a_secret_inside_something_that_is_base64_is_found(before: str, after: str) -> None:
    secret = "planted/secret?value"
    basic = base64.b64encode(f"{before}{secret}{after}".encode()).decode()
    redacted = Redactor([secret]).redact(f"sent {basic} there")
    assert MARK in redacted
    neighbours = len(base64.b64encode(before.encode())) + len(base64.b64encode(after.encode()))
    assert len(redacted.split()[1].replace(MARK, "").rstrip("=")) <= neighbours + 4


def test_url_encoding_is_found_in_either_case_of_its_digits() -> None:
    redactor = Redactor(["pa/ss+word"])
    for text in ("pa%2Fss%2Bword", "pa%2fss%2bword", "pa/ss%2Bword"):
        assert redactor.redact(text) == MARK


def test_white_space_around_a_configured_secret_is_not_part_of_it() -> None:
    assert Redactor(["  planted-value\n"]).redact("a planted-value b") == f"a {MARK} b"


def test_the_longer_of_two_overlapping_secrets_goes_first() -> None:
    assert Redactor(["planted", "planted-longer"]).redact("planted-longer planted") == f"{MARK} {MARK}"


def test_short_secrets_are_replaced_from_four_characters_on() -> None:
    assert Redactor(["ab1"]).redact("ab1") == "ab1"
    assert Redactor(["ab12"]).redact("xab12y") == f"x{MARK}y"


def test_a_secret_that_is_a_piece_of_the_mark_is_not_left_by_the_mark() -> None:
    assert Redactor(["redacted"]).redact("it was redacted, sk-" + FAKE) == "it was ***, ***"


def test_a_secret_that_is_no_valid_text_is_still_replaced() -> None:
    assert Redactor(["plan\udc80ted"]).redact("x plan\udc80ted y") == f"x {MARK} y"


def test_redaction_comes_before_cutting() -> None:
    secret = "planted-secret-value"
    redactor = Redactor([secret])
    for limit in range(60):
        cut = redactor.redact_then_cut(f"some text {secret} and more of it", limit)
        assert len(cut) <= limit
        assert secret[:6] not in cut
    assert redactor.redact_then_cut("short", 5) == "short"
    assert redactor.redact_then_cut("longer", 5) == "long…"
    assert redactor.redact_then_cut("longer", 0) == ""


def test_redacting_twice_changes_nothing_more() -> None:
    redactor = Redactor(["planted-value"])
    text = f"Bearer abcdef key=abc planted-value sk-{FAKE} https://h.invalid/?a=b a@example.com api key: ab1234"
    once = redactor.redact(text)
    assert redactor.redact(once) == once


def test_a_redactor_shows_nothing_of_what_it_knows() -> None:
    assert repr(Redactor(["planted-value"])) == "Redactor()"


@pytest.mark.parametrize("piece", ["eyJsk-", "http://a", "sk-", "a@", "key=", "Bearer ", "a.", "-", "x-api-", "://"])
def test_time_is_linear_in_the_text(piece: str) -> None:
    redactor = Redactor([f"planted-value-{number}" for number in range(20)])
    started = time.perf_counter()
    redactor.redact((piece * 30_000)[:30_000])
    assert time.perf_counter() - started < 2.0


def test_of_a_long_text_only_what_can_be_shown_is_looked_at_and_no_half_secret_is() -> None:
    secret = "s3cr3t-value-" + "x" * 40
    redactor = Redactor([secret])
    text = f"{secret} " * 20_000
    shown = redactor.redact_then_cut(text, 500)
    assert len(shown) == 500
    assert "s3cr3t" not in shown
    assert redactor.redact_then_cut("y" * 100_000, 10) == "y" * 9 + "…"


@pytest.mark.parametrize("word", ["sk-abcdefghijklmnop", "req_sk-abcdefghijklmnop", "AQ.abcdefghijklmnop"])
def test_a_single_word_is_looked_through_as_any_text(word: str) -> None:
    assert NOTHING.redact(word) == NOTHING.redact(f"{word} ").rstrip()
