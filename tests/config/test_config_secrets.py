"""Secrets come from variables and files; none ever shows in a message or a repr."""

from __future__ import annotations

import os
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from sidecar.config import environment
from sidecar.config.loading import Loaded
from sidecar.config.problem import ConfigError, rendered, shown
from sidecar.config.secret import SecretError, credential, read

Load = Callable[..., Loaded]
Wrong = Callable[..., list[str]]

PLANTED = "sk-ant-PLANTED-c0ffee-0123456789abcdef"


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("env:NOT_SET", "the environment variable NOT_SET is not set"),
        ("env:EMPTY", "the environment variable EMPTY is empty"),
        (
            "env:BROKEN",
            "the environment variable BROKEN has spaces, line breaks or characters other than ASCII in the middle",
        ),
        ("env:not-a-name", "what follows env: is not the name of an environment variable"),
        ("env:", "what follows env: is not the name of an environment variable"),
        ("file:", "must be the path of a file"),
        ("file:/nowhere/key", "the file /nowhere/key cannot be read: No such file or directory"),
        ("file:/", "the file / cannot be read: Is a directory"),
        ("file:/dev/zero", "the file /dev/zero cannot be read: it is not a regular file"),
        ("", "must be env:NAME or file:PATH; secrets themselves do not belong into this file"),
        (PLANTED, "must be env:NAME or file:PATH; secrets themselves do not belong into this file"),
        ("vault:x", "must be env:NAME or file:PATH; secrets themselves do not belong into this file"),
    ],
)
def test_a_key_that_cannot_be_had_says_why_and_where(key: str, said: str, wrong: Wrong) -> None:
    env = {"EMPTY": " \n", "BROKEN": "one two"}
    assert wrong(f'providers:\n  openai: {{api_key: "{key}"}}\n', env) == [f"f:2:21: providers.openai.api_key: {said}"]


def test_the_key_variable_of_a_preset_is_named_when_it_is_not_set(wrong: Wrong) -> None:
    assert wrong("providers:\n  openai: {}\n  groq:\n", {}) == [
        "f:2:3: providers.openai.api_key: the environment variable OPENAI_API_KEY is not set",
        "f:3:8: providers.groq.api_key: the environment variable GROQ_API_KEY is not set",
    ]


def test_key_files_start_at_the_directory_of_the_configuration(load: Load, tmp_path: Path) -> None:
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "one").write_text("the-key\n")
    loaded = load("providers: {openai: {api_key: file:keys/one}}\n").settings
    found = loaded.catalog.providers["openai"].profiles[0].credential
    assert (found.kind, found.source) == ("file", str(tmp_path / "keys" / "one"))
    assert loaded.secrets == ("the-key",)
    assert read(found, {}) == "the-key"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b" \n", "is empty"),
        (b"\xff\xfe", "is not text"),
        (b"x" * 70_000, "is longer than 65536 characters"),
        (b"a\nb", "has spaces, line breaks"),
    ],
)
def test_a_key_file_that_is_no_key_is_named_without_its_content(
    content: bytes, said: str, wrong: Wrong, tmp_path: Path
) -> None:
    (tmp_path / "key").write_bytes(content)
    found = wrong("providers: {openai: {api_key: file:key}}\n")
    assert len(found) == 1
    assert f"the file {tmp_path / 'key'} {said}" in found[0]


NOBODY = 65534


@contextmanager
def without_root() -> Iterator[None]:
    """As an ordinary user: root may read everything."""
    user = os.geteuid()
    if user == 0:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(user)


def test_a_key_file_that_may_not_be_read_is_named_without_its_content(wrong: Wrong, tmp_path: Path) -> None:
    (tmp_path / "key").write_text(PLANTED)
    (tmp_path / "key").chmod(0)
    with without_root():
        found = wrong("providers: {openai: {api_key: file:key}}\n")
    assert "Permission denied" in found[0]
    assert str(tmp_path / "key") in found[0]
    assert PLANTED not in found[0]


def test_a_server_without_keys_says_none(load: Load) -> None:
    loaded = load("providers: {mine: {protocol: openai, base_url: 'http://127.0.0.1:1', api_key: none}, ollama: {}}\n")
    kinds = [p.profiles[0].credential.kind for p in loaded.settings.catalog.providers.values()]
    assert kinds == ["none", "none"]
    assert loaded.settings.secrets == ()


def test_headers_take_secrets_from_elsewhere_and_refuse_them_in_place(load: Load, wrong: Wrong) -> None:
    loaded = load(
        "providers: {openai: {headers: {X-Api-Key: env:HEADER, x-team: search}}}\n",
        {"HEADER": PLANTED, "OPENAI_API_KEY": "k"},
    ).settings
    assert loaded.catalog.providers["openai"].headers == {"X-Api-Key": PLANTED, "x-team": "search"}
    assert loaded.secrets == (PLANTED, "k")
    assert wrong(f"providers: {{openai: {{headers: {{authorization: {PLANTED}}}}}}}\n") == [
        "f:1:47: providers.openai.headers.authorization: must be env:NAME or file:PATH; secrets themselves do not "
        "belong into this file"
    ]


def test_a_header_with_a_scheme_hides_the_secret_behind_it_too(load: Load) -> None:
    text = "providers: {ollama: {headers: {authorization: env:H}}}\n"
    assert load(text, {"H": f"Bearer {PLANTED}"}).settings.secrets == (f"Bearer {PLANTED}", PLANTED)


def test_the_password_of_a_proxy_is_a_secret(load: Load) -> None:
    loaded = load("providers: {openai: {proxy: 'http://user:p%40ss@proxy:1'}}\n", {"OPENAI_API_KEY": "kkkkkkk"})
    assert set(loaded.settings.secrets) == {"p@ss", "kkkkkkk"}


def test_the_token_of_callers_is_a_secret(load: Load, wrong: Wrong) -> None:
    text = "providers: {ollama: {}}\nlisten: {token: env:TOKEN}\n"
    loaded = load(text, {"TOKEN": "caller-token"}).settings
    assert loaded.secrets == ("caller-token",)
    assert loaded.listen.token is not None
    assert wrong(text.replace("env:TOKEN", "none")) == ["f:2:17: listen.token: must be env:NAME or file:PATH"]


def test_secrets_of_auth_come_from_elsewhere(wrong: Wrong) -> None:
    found = wrong(
        "providers: {openai: {profiles: [{name: a, auth: {type: aws, secret_access_key: "
        f"{PLANTED}}}, api_key: none}}]}}}}\n"
    )
    assert [line.split(": ")[1] for line in found] == [
        "providers.openai.profiles[0].auth.secret_access_key",
        "providers.openai.profiles[0].api_key",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "providers: {openai: {api_key: SECRET}}",
        "providers: {openai: {api_key: env:SECRET}}",
        "providers: {openai: {api_key: file:SECRET}}",
        "providers: {openai: {api_key: [SECRET]}}",
        "providers: {openai: {SECRET: 1}}",
        "providers: {SECRET: {}}",
        "SECRET: 1",
        "SECRET",
        "[SECRET",
        "a: *SECRET",
        "a: !SECRET b",
        "providers: {openai: {profiles: [{name: SECRET, api_key: none}, {name: SECRET, api_key: none}]}}",
        "providers: {openai: {profiles: [SECRET]}}",
        "providers: {openai: {base_url: 'https://SECRET@h/v1'}}",
        "providers: {openai: {base_url: SECRET, proxy: SECRET}}",
        "providers: {openai: {headers: {authorization: Bearer SECRET}}}",
        "providers: {openai: {headers: {'SECRET é': é, x-api-key: SECRET}}}",
        "providers: {openai: {policy: {on_slow: SECRET, profile: SECRET, only_providers: [SECRET]}}}",
        "providers: {openai: {fallbacks: [SECRET, SECRET/x, openai/x@SECRET]}, o2: {SECRET: }}",
        "providers: {openai: {}}\ndefault_provider: SECRET\ndefault_model: SECRET",
        "providers: {openai: {}}\naliases: {SECRET: {targets: [SECRET]}}",
        "providers: {openai: {}}\nlisten: {token: SECRET, grpc: [SECRET], tls: {cert: SECRET, key: SECRET, x: SECRET}}",
        "providers: {openai: {}}\nlisten: {unix_mode: SECRET}",
        "providers: {openai: {}}\nstate: SECRET",
        "SECRET: 1\nSECRET: 2",
    ],
)
@pytest.mark.parametrize("key", [PLANTED, "gsk_PLANTED0123456789abcdef0123456789"])
def test_a_secret_written_in_the_wrong_place_shows_nowhere(text: str, key: str, load: Load) -> None:
    with pytest.raises(ConfigError) as caught:
        load(text.replace("SECRET", key) + "\n")
    error = caught.value
    told = "".join(traceback.format_exception(error)) + repr(error) + repr(error.problems)
    assert "PLANTED" not in told


def test_a_loaded_configuration_shows_no_secret(load: Load, tmp_path: Path) -> None:
    (tmp_path / "spare").write_text("PLANTED-file")
    loaded = load(
        """
        providers:
          openai:
            headers: {x-api-key: env:H, x-plain: PLANTED-literal}
            query: {k: env:H}
            proxy: http://u:PLANTED-proxy@h:1
            profiles: [{name: a, api_key: env:K}, {name: b, api_key: file:spare}]
        listen: {token: env:T}
        telemetry: {headers: {a: env:H}}
        """,
        {"K": "PLANTED-env", "H": "PLANTED-header", "T": "PLANTED-token"},
    )
    assert sorted(loaded.settings.secrets) == [
        "PLANTED-env",
        "PLANTED-file",
        "PLANTED-header",
        "PLANTED-proxy",
        "PLANTED-token",
    ]
    assert "PLANTED" not in repr(loaded)
    assert "PLANTED" not in str(loaded)
    assert "PLANTED" not in repr(environment.load({"OPENAI_API_KEY": "PLANTED"}))


def test_longer_secrets_come_first_so_that_no_part_is_replaced_before_the_whole(load: Load) -> None:
    loaded = load(
        "providers: {openai: {profiles: [{name: a, api_key: env:A}, {name: b, api_key: env:B}]}}\n",
        {"A": "abc", "B": "abcdef"},
    )
    assert loaded.settings.secrets == ("abcdef", "abc")


def test_a_replaced_key_file_is_read_anew(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("old")
    found = credential("file:key", tmp_path)
    assert read(found, {}) == "old"
    (tmp_path / "key").write_text("new\n")
    assert read(found, {}) == "new"
    (tmp_path / "key").unlink()
    with pytest.raises(SecretError, match="cannot be read: No such file"):
        read(found, {})


def test_names_are_shown_and_keys_are_not() -> None:
    assert shown("task-model") == "'task-model'"
    assert shown("risk-1") == "'risk-1'"
    assert "abc" not in shown("sk-abc")
    assert rendered(("providers", "a.b/c", 2, "x")) == 'providers["a.b/c"][2].x'
    assert rendered(("sk-abc",)) == '["(not shown)"]'


def test_a_pipe_is_no_key_file_but_a_link_to_a_regular_file_is(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(SecretError, match="pipe cannot be read: it is not a regular file"):
        read(credential("file:pipe", tmp_path), {})
    (tmp_path / "..data").mkdir()
    (tmp_path / "..data" / "key").write_text("mounted-key\n")
    (tmp_path / "key").symlink_to("..data/key")
    assert read(credential("file:key", tmp_path), {}) == "mounted-key"
