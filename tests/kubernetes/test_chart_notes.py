"""What helm says after installing, and what `helm test` asks."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import yaml

from tests.kubernetes.rendering import CHART, Case, case, documents, one_of, template

AS_MANIFEST = """
kind: Notes
metadata: {name: notes}
text: {{ tpl (.Files.Get "NOTES.txt") . | quote }}
"""


@pytest.fixture(scope="module")
def chart(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The chart with its notes among the manifests: helm shows notes only where there is a cluster."""
    copy = tmp_path_factory.mktemp("notes") / "remora"
    shutil.copytree(CHART, copy)
    (copy / "templates/NOTES.txt").rename(copy / "NOTES.txt")
    (copy / "templates/notes.yaml").write_text(AS_MANIFEST)
    return copy


def test_the_notes_name_the_next_commands(chart: Path) -> None:
    commands = [line.strip() for line in _notes(chart, case("defaults")).splitlines() if line.startswith("  ")]
    assert commands == [
        "helm test remora --namespace remora-system",
        "kubectl --namespace my-app create configmap remora --from-file=remora.yaml",
        "kubectl label namespace my-app remora.dev/inject=enabled",
        "kubectl --namespace remora-system create job --from=cronjob/remora-certificate now",
    ]


def test_the_notes_say_what_an_older_cluster_lacks(chart: Path) -> None:
    assert "pods of Jobs are left out" in _notes(chart, case("old-cluster"))
    assert "pods of Jobs are left out" not in _notes(chart, case("defaults"))


def test_the_notes_say_it_out_loud_where_prompts_are_plain_text(chart: Path) -> None:
    assert "PLAIN TEXT" in _notes(chart, case("standalone-behind-a-mesh"))
    with_tls = _notes(chart, case("standalone-with-tls"))
    assert "PLAIN TEXT" not in with_tls
    assert "The ConfigMap my-remora must say listen.tls" in with_tls
    assert "and listen.token, without which" in with_tls


def test_the_notes_say_it_out_loud_where_all_callers_are_let_in(chart: Path) -> None:
    own = {"enabled": True, "insecure": True, "config": {"providers": {}}, "openToAll": True}
    assert "OPEN TO ALL" in _notes(chart, Case("open", "1.34.0", values={"standalone": own}))
    assert "OPEN TO ALL" not in _notes(chart, case("standalone-behind-a-mesh"))


def test_another_certificate_is_asked_for_only_where_the_chart_makes_them(chart: Path) -> None:
    assert one_of(documents("defaults"), "CronJob")["metadata"]["name"] == "remora-certificate"
    assert "create job" not in _notes(chart, case("cert-manager"))


def test_the_notes_tell_callers_how_to_use_every_pod(chart: Path) -> None:
    assert "dns:///remora-standalone-headless.remora-system.svc:7650" in _notes(chart, case("standalone-with-tls"))


def test_the_notes_say_when_nothing_was_installed(chart: Path) -> None:
    assert "only the named templates" in _notes(chart, case("only-the-named-templates"))


def test_helm_test_asks_the_injector_through_its_service() -> None:
    pod = one_of(documents("defaults"), "Pod")
    assert pod["metadata"]["annotations"]["helm.sh/hook"] == "test"
    script = pod["spec"]["containers"][0]["command"][-1]
    compile(script, "test", "exec")
    assert "http://remora-injector.remora-system.svc:8080/readyz" in script


def test_helm_test_asks_a_standalone_deployment_as_far_as_it_can() -> None:
    plain = one_of(documents("standalone-behind-a-mesh"), "Pod")["spec"]["containers"][0]["command"]
    assert plain == ["remora", "health", "--check", "--address", "remora-standalone.remora-system.svc:7650"]
    behind_tls = one_of(documents("standalone-with-tls"), "Pod")["spec"]["containers"][0]["command"][-1]
    assert "http://remora-standalone.remora-system.svc:7652/readyz" in behind_tls


def _notes(chart: Path, one: Case) -> str:
    done = template(one, chart)
    assert done.returncode == 0, done.stderr
    (found,) = (document for document in yaml.safe_load_all(done.stdout) if document and document["kind"] == "Notes")
    return str(found["text"])
