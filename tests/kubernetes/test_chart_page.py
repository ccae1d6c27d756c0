"""docs/kubernetes.md against what the chart makes."""

from __future__ import annotations

import re

from sidecar.injector import names
from sidecar.injector.reason import Reason
from tests.kubernetes.rendering import NAMESPACE, ROOT, documents, one_of

PAGE = (ROOT / "docs/kubernetes.md").read_text()


def test_the_reasons_that_nobody_hears_of_are_those_that_the_selectors_keep_away() -> None:
    said = re.search(r"Nobody hears of (.*?):", PAGE, re.DOTALL)
    assert said is not None
    silent = set(re.findall(r"`(\w+)`", said.group(1)))
    webhooks = one_of(documents("defaults"), "MutatingWebhookConfiguration")["webhooks"]
    text = str(webhooks)
    kept_away = {
        Reason.NOT_A_CREATION: all(rule["operations"] == ["CREATE"] for one in webhooks for rule in one["rules"]),
        Reason.NOT_A_POD: all(rule["resources"] == ["pods"] for one in webhooks for rule in one["rules"]),
        Reason.SUBRESOURCE: "pods/" not in text,
        Reason.OPTED_OUT: all("remora.dev/inject" in str(one["objectSelector"]) for one in webhooks),
        Reason.OWN_NAMESPACE: all(NAMESPACE in str(one["namespaceSelector"]) for one in webhooks),
        Reason.SYSTEM_NAMESPACE: all(
            namespace in str(one["namespaceSelector"]) for one in webhooks for namespace in names.SYSTEM_NAMESPACES
        ),
    }
    assert silent == {str(reason) for reason, is_kept_away in kept_away.items() if is_kept_away}


def test_the_page_looks_for_the_injectors_log_by_a_label_and_a_field_that_there_are() -> None:
    labels = one_of(documents("defaults"), "Deployment", "-injector")["spec"]["template"]["metadata"]["labels"]
    assert f"--from=cronjob/{one_of(documents('defaults'), 'CronJob')['metadata']['name']} now" in PAGE
    asked = re.search(r"logs --selector (\S+)=(\S+)", PAGE)
    assert asked is not None
    assert labels[asked.group(1)] == asked.group(2)
