"""Every kind of problem is found, all at once, each at its line and column."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from sidecar.config.loading import Loaded

Load = Callable[..., Loaded]
Wrong = Callable[..., list[str]]

OPENAI = "providers: {openai: {}}\n"


def test_all_problems_are_told_at_once_in_the_order_of_the_file(wrong: Wrong) -> None:
    assert wrong("""
        default_provider: opena
        providers:
          openai:
            strateggy: sequential
            profiles:
              - {name: main, api_key: env:NOT_SET}
              - {name: main, api_key: "none", rpm: 0}
            fallbacks: [opnai/x, ""]
          mine:
            protocol: openai
            profiles: [{name: A, api_key: none}]
        policy:
          idle_s: -1
          pin: true
        """) == [
        "f:1:19: default_provider: 'opena' is not a configured provider; did you mean 'openai'?",
        "f:4:5: providers.openai.strateggy: 'strateggy' is not a known setting; did you mean 'strategy'?",
        "f:6:31: providers.openai.profiles[0].api_key: the environment variable NOT_SET is not set",
        "f:7:16: providers.openai.profiles[1].name: 'main' is the name of profiles[0] already",
        "f:7:44: providers.openai.profiles[1].rpm: must be at least 1; leave it out for unlimited",
        "f:8:17: providers.openai.fallbacks[0]: 'opnai/x' names no configured provider, alias or pool; "
        "did you mean 'openai/x'?",
        "f:8:26: providers.openai.fallbacks[1]: is empty",
        "f:9:3: providers.mine.base_url: is missing",
        "f:11:23: providers.mine.profiles[0].name: a name has only the characters a-z 0-9 . _ -",
        "f:13:11: policy.idle_s: must be greater than 0",
        "f:14:3: policy.pin: is for requests only",
    ]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a: 1\n\tb: 2\n", "f:2:1: not valid YAML: found a tab character that violates indentation"),
        ("a: [1, 2\nb: 3\n", "f:2:2: not valid YAML: did not find expected ',' or ']'"),
        ("a: *nowhere\n", "f:1:4: not valid YAML: found undefined alias"),
        ("- 1\n", "f:1:1: must be a mapping of settings"),
        (OPENAI + "policy: {idle_s: !thing 3}\n", "f:2:18: policy.idle_s: has a YAML tag that is not known here"),
        (OPENAI + "? [a, b]\n: c\n", "f:1:1: has a key that is not plain text"),
        (OPENAI + "policy: {}\npolicy: {}\n", "f:3:1: policy: is given twice; first in line 2"),
        (
            "providers:\n  openai: {headers: {a: b, a: c}}\n",
            "f:2:28: providers.openai.headers.a: is given twice; first in line 2",
        ),
        (OPENAI + "fallbacks: &a [*a]\n", "f:2:12: fallbacks[0]: is nested too deeply, or refers to itself"),
    ],
)
def test_yaml_that_cannot_be_used_gives_its_line(text: str, line: str, wrong: Wrong) -> None:
    assert line in wrong(text)


@pytest.mark.parametrize(
    ("setting", "line"),
    [
        ("policy: {idle_s: .nan}", "f:2:18: policy.idle_s: must be a finite number"),
        ("policy: {idle_s: .inf}", "f:2:18: policy.idle_s: must be a finite number"),
        ("policy: {idle_s: 0}", "f:2:18: policy.idle_s: must be greater than 0"),
        ("policy: {idle_s: 100000}", "f:2:18: policy.idle_s: must be at most 86400"),
        ("policy: {idle_s: soon}", "f:2:18: policy.idle_s: must be a number"),
        ("policy: {idle_s: true}", "f:2:18: policy.idle_s: must be a number"),
        ("policy: {max_attempts: 1.5}", "f:2:24: policy.max_attempts: must be a whole number"),
        ("policy: {max_attempts: '3'}", "f:2:24: policy.max_attempts: must be a whole number"),
        ("policy: {last_resort: maybe}", "f:2:23: policy.last_resort: must be true or false"),
        (
            "policy: {on_slow: hegde}",
            "f:2:19: policy.on_slow: must be one of 'hedge', 'failover' or 'wait'; did you mean 'hedge'?",
        ),
        (
            "policy: {on_slow: HEDGE}",
            "f:2:19: policy.on_slow: must be one of 'hedge', 'failover' or 'wait'; did you mean 'hedge'?",
        ),
        ("policy: 3", "f:2:9: policy: must be a mapping of settings"),
        ("fallbacks: openai/x", "f:2:12: fallbacks: must be a list"),
        ("fallbacks: [3]", "f:2:13: fallbacks[0]: must be text; put it in quotes"),
        ("aliases: {a: {}}", "f:2:11: aliases.a.targets: is missing"),
        ("aliases: {a: {targets: []}}", "f:2:15: aliases.a.targets: needs at least 1"),
        ("aliases: {Big: {targets: [openai/x]}}", "f:2:11: aliases.Big: a name has only the characters a-z 0-9 . _ -"),
        (
            "aliases: {openai: {targets: [openai/x]}}",
            "f:2:11: aliases.openai: has the name of a provider; the two cannot be told apart",
        ),
        (
            "pools: {a: {candidates: [openai/x]}}\naliases: {a: {targets: [openai/x]}}",
            "f:2:9: pools.a: has the name of an alias",
        ),
        (
            "policy: {only_providers: [opnai]}",
            "f:2:27: policy.only_providers[0]: 'opnai' is not a configured provider; did you mean 'openai'?",
        ),
        ("policy: {only_providers: []}", "f:2:10: policy.only_providers: is empty: it would allow nothing"),
        (
            "policy: {only_providers: [openai], never_providers: [openai]}",
            "f:2:36: policy.never_providers: forbids everything that only_providers allows",
        ),
        ("policy: {profile: spare}", "f:2:19: policy.profile: 'spare' is not a configured profile"),
        (
            "policy: {breaker: {open_s: 200}}",
            "f:2:28: policy.breaker.open_s: open_s (200) is greater than open_max_s (120)",
        ),
        (
            "policy: {retry: {backoff_limit_s: 0.1}}",
            "f:2:35: policy.retry.backoff_limit_s: backoff_s (0.5) is greater than backoff_limit_s (0.1)",
        ),
        ("policy: {retry_budget: {capacity: 0}}", "f:2:35: policy.retry_budget.capacity: must be at least 1"),
        ("state: {path: a.db, url: 'valkey://h'}", "f:2:26: state.url: stands beside path; one of them must go"),
        ("default_model: ''", "f:2:16: default_model: is empty"),
        ("polcy: {}", "f:2:1: polcy: 'polcy' is not a known setting; did you mean 'policy'?"),
        (
            "xyz: {}",
            "f:2:1: xyz: 'xyz' is not a known setting; known here: listen, default_model, default_provider, "
            "providers, aliases, pools, fallbacks, policy, spend, state, telemetry",
        ),
    ],
)
def test_a_value_that_cannot_be_is_told_at_its_place(setting: str, line: str, wrong: Wrong) -> None:
    assert line in wrong(f"{OPENAI}{setting}\n")


@pytest.mark.parametrize(
    ("provider", "line"),
    [
        ("openai: {base_url: 'ftp://h'}", "f:2:22: providers.openai.base_url: must be a URL like https://host/path"),
        (
            "openai: {base_url: 'https://u:pw@h/v1'}",
            "f:2:22: providers.openai.base_url: may not carry a user name or password; keys belong into profiles",
        ),
        (
            "openai: {base_url: 'https://h/v1?key=1'}",
            "f:2:22: providers.openai.base_url: may not have a query or fragment; use `query:`",
        ),
        ("openai: {base_url: 'https://h:99999/v1'}", "f:2:22: providers.openai.base_url: is not a URL"),
        (
            "azure: {api_key: none}",
            "f:2:3: providers.azure.base_url: is missing, such as https://YOUR-RESOURCE.openai.azure.com/openai/v1",
        ),
        (
            "opena1: {base_url: 'http://h', api_key: none}",
            "f:2:3: providers.opena1.protocol: is missing (openai, "
            "openai-responses, anthropic, gemini, bedrock): no preset has this name; did you mean the preset 'openai'?",
        ),
        (
            "mine: {protocol: openai, base_url: 'https://h'}",
            "f:2:3: providers.mine.profiles: is missing, and no preset has this provider's name",
        ),
        (
            "openai: {profiles: [{name: a}]}",
            "f:2:23: providers.openai.profiles[0].api_key: is missing: env:NAME, "
            "file:PATH, or none for a server without keys",
        ),
        ("openai: {profiles: []}", "f:2:12: providers.openai.profiles: needs at least 1"),
        (
            "openai: {api_key: none, profiles: [{name: a, api_key: none}]}",
            "f:2:21: providers.openai.api_key: stands beside profiles; move it into one of them",
        ),
        ("openai: {headers: {host: h}}", "f:2:22: providers.openai.headers.host: is set by Remora itself"),
        ("openai: {headers: {'a b': h}}", 'f:2:22: providers.openai.headers["a b"]: is not the name of an HTTP header'),
        (
            'openai: {headers: {a: "b\\nc: d"}}',
            "f:2:25: providers.openai.headers.a: may have visible ASCII characters and spaces only",
        ),
        (
            "openai: {models: {'a b': {}}}",
            'f:2:21: providers.openai.models["a b"]: may be neither empty nor have spaces',
        ),
        ("openai: {ca_file: nowhere.pem}", "No such file or directory"),
        (
            "openai: {policy: {profile: spare}}",
            "f:2:30: providers.openai.policy.profile: 'spare' is not a configured profile",
        ),
    ],
)
def test_a_provider_that_cannot_be_is_told_at_its_place(provider: str, line: str, wrong: Wrong) -> None:
    found = wrong(f"providers:\n  {provider}\n")
    assert line in found or line in found[0]


def test_no_provider_at_all_is_a_problem(wrong: Wrong) -> None:
    assert wrong("policy: {}\n") == ["f:1:1: providers: is missing"]
    assert wrong("") == ["f: providers: is missing"]
    assert wrong("providers: {}\n") == ["f:1:1: providers: needs at least 1"]


def test_null_is_the_same_as_leaving_out(load: Load) -> None:
    text = "providers: {openrouter: , openai: {base_url: null, profiles: }}\npolicy:\nlisten: {tls: null, grpc: }\n"
    loaded = load(text)
    assert set(loaded.settings.catalog.providers) == {"openrouter", "openai"}


def test_anchors_and_merges_work_and_keep_their_places(load: Load, wrong: Wrong) -> None:
    text = """
        providers:
          openai: &base
            fallbacks: [openrouter/x]
            policy: {idle_s: 3}
          openrouter:
            <<: *base
            fallbacks: [openai/y]
        """
    catalog = load(text).settings.catalog
    assert catalog.providers["openrouter"].policy.idle_s == 3
    assert catalog.providers["openrouter"].fallbacks == ("openai/y",)
    assert wrong(text.replace("idle_s: 3", "idle_s: 0")) == [
        "f:4:22: providers.openai.policy.idle_s: must be greater than 0",
        "f:4:22: providers.openrouter.policy.idle_s: must be greater than 0",
    ]


def test_anchors_that_multiply_without_end_are_refused(wrong: Wrong) -> None:
    rows = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    rows += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    assert any("nested too deeply" in line for line in wrong("\n".join(rows) + "\n"))


def test_nesting_without_end_is_refused(wrong: Wrong) -> None:
    assert wrong("a: " + "[" * 3000 + "]" * 3000 + "\n")


def test_yaml_1_1_readings_do_not_change_names_and_addresses(load: Load) -> None:
    text = "providers: {openai: {models: {on: {}, 1.10: {}, 2024-01-01: {}}, query: {v: 2024-01-01, t: 12:30}}}\n"
    loaded = load(text)
    provider = loaded.settings.catalog.providers["openai"]
    assert set(provider.models) == {"on", "1.10", "2024-01-01"}
    assert provider.query == {"v": "2024-01-01", "t": "12:30"}
