"""The envelope: what is answered, what is refused, and that a fault of ours never blocks a pod."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sidecar.injector import names, review
from sidecar.injector.reason import Outcome, Reason
from sidecar.injector.review import NotAReviewError, Subject
from tests.injector.making import TEMPLATE, UID, VERSION, annotated, answered, pod, request


def reviewed(asked: Any) -> review.Reviewed:
    return review.answer(orjson.dumps(asked), TEMPLATE, VERSION)


def test_the_answer_has_the_questions_uid_and_version() -> None:
    answer = orjson.loads(reviewed(request(pod())).body)
    assert (answer["apiVersion"], answer["kind"]) == ("admission.k8s.io/v1", "AdmissionReview")
    assert answer["response"]["uid"] == UID
    assert answer["response"]["patchType"] == "JSONPatch"


def test_what_is_told_of_an_injection_is_its_subject_and_its_kind() -> None:
    told = reviewed(request(pod()))
    assert (told.outcome, told.reason, told.is_native, told.fault) == (Outcome.INJECTED, None, True, "")
    assert told.subject == Subject(UID, "shop", "shop-7d4b9-")
    assert reviewed(request(pod(None))).subject.name == "shop"


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b"\xff\xfe", "not JSON"),
        (b'"\\ud800"', "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"[]", "not AdmissionReview of admission.k8s.io/v1"),
        (b"{}", "not AdmissionReview of admission.k8s.io/v1"),
        (
            orjson.dumps(request(pod()) | {"apiVersion": "admission.k8s.io/v1beta1"}),
            "not AdmissionReview of admission.k8s.io/v1",
        ),
        (orjson.dumps(request(pod()) | {"request": None}), "no request with a uid"),
        (orjson.dumps(request(pod(), uid=7)), "no request with a uid"),
        (orjson.dumps(request(pod(), uid="")), "no request with a uid"),
    ],
)
def test_what_is_no_review_is_refused_without_being_quoted(body: bytes, problem: str) -> None:
    with pytest.raises(NotAReviewError) as told:
        review.answer(body, TEMPLATE, VERSION)
    assert str(told.value) == problem


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=5),
    lambda children: (
        st.lists(children, max_size=3)
        | st.dictionaries(st.sampled_from(["name", "spec", "metadata", "containers", "kind", "labels"]), children)
    ),
    max_leaves=8,
)


@given(st.sampled_from(["object", "kind", "namespace", "operation", "subResource", "name"]), JSON)
def test_any_field_may_be_anything_and_the_pod_is_allowed(field: str, value: Any) -> None:
    response = answered(request(pod(), **{field: value}))
    assert (response["uid"], response["allowed"]) == (UID, True)


@given(st.sampled_from(["containers", "initContainers", "volumes", "nodeSelector", "os", "resources"]), JSON)
def test_any_part_of_a_pod_may_be_anything_and_the_pod_is_allowed(field: str, value: Any) -> None:
    assert answered(request(pod(**{field: value})))["allowed"] is True


def test_a_fault_is_told_by_its_kind_and_place_and_never_by_its_words() -> None:
    told = reviewed(request(pod(containers=["hunter2"])))
    assert (told.outcome, told.reason) == (Outcome.FAILED, Reason.INTERNAL_ERROR)
    assert told.fault.startswith("TypeError in pod.py line ")
    assert "hunter2" not in told.fault + told.body.decode()


def test_warnings_are_one_short_line_each_of_printable_signs() -> None:
    strange = names.PREFIX + "é\r\nSet-Cookie: x" + "y" * 300
    document = pod() | {"metadata": {"annotations": {strange: ""}}}
    (warning,) = answered(request(document))["warnings"]
    assert warning.startswith("remora: annotation remora.dev/???Set-Cookie: xyyy")
    assert len(warning) == review.MAX_WARNING_CHARACTERS


def test_warnings_are_not_more_than_twenty() -> None:
    warnings = answered(request(annotated(pod(), **{f"x{n}": "" for n in range(25)})))["warnings"]
    assert len(warnings) == 20
    assert warnings[-1] == "remora: and 6 more"


def test_each_reason_fits_into_a_warning() -> None:
    for reason in Reason:
        assert len(f"remora: not injected ({reason}): {reason.sentence}") <= review.MAX_WARNING_CHARACTERS
        assert reason.value == reason.name


def test_under_istio_the_note_is_gone_once_the_probes_port_is_excluded() -> None:
    proxy = {"name": "istio-proxy", "restartPolicy": "Always"}
    document = pod(initContainers=[proxy])
    assert "excludeInboundPorts" in answered(request(document))["warnings"][0]
    document["metadata"]["annotations"] = {names.MESH_EXCLUSION: "9090, 7652"}
    assert "warnings" not in answered(request(document))
