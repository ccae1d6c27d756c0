"""Every reason at every kind of status: the table of failover.md §4 to the letter, one machine name for each reason."""

from __future__ import annotations

import itertools

import pytest

from sidecar.core.classify import ErrorAnswer, classify
from sidecar.core.reasons import Reason
from sidecar.core.wording import Wording

UPSTREAM = list(Reason)[: list(Reason).index(Reason.UNKNOWN_MODEL)]
"""What an upstream's answer may mean."""
WORDING = Wording({reason.lower(): (reason,) for reason in UPSTREAM}, {}, (), {})
BAD_REQUEST = (
    "INVALID_REQUEST CONTEXT_LENGTH MAX_TOKENS UNSUPPORTED_PARAMETER TOOL_SCHEMA FOREIGN_REASONING CONTENT_FILTERED "
    "BILLING AUTHENTICATION PERMISSION MODEL_NOT_FOUND RATE_LIMITED UNKNOWN"
)
SERVER = "SERVER_ERROR OVERLOADED CONTEXT_LENGTH"
POSSIBLE = {
    **dict.fromkeys((400, 404, 413, 422), BAD_REQUEST),
    401: "AUTHENTICATION",
    402: "BILLING",
    403: "PERMISSION AUTHENTICATION BILLING RATE_LIMITED CONTENT_FILTERED UNKNOWN",
    **dict.fromkeys((408, 504), "TIMEOUT"),
    429: "RATE_LIMITED BILLING MAX_TOKENS CONTEXT_LENGTH OVERLOADED",
    **dict.fromkeys((424, 500, 502, 503, 599), SERVER),
    529: "OVERLOADED CONTEXT_LENGTH",
    **dict.fromkeys((300, 302, 405, 409, 451, 499, 600), "UNKNOWN"),
}
SAYS_NOTHING = {400: "INVALID_REQUEST", 404: "UNKNOWN", 413: "CONTEXT_LENGTH", 422: "INVALID_REQUEST"}
"""What holds without a name, where that is not the first of its row."""


@pytest.mark.parametrize(("status", "named"), list(itertools.product(POSSIBLE, UPSTREAM)))
def test_a_name_decides_where_the_status_allows_what_it_means_and_nowhere_else(status: int, named: Reason) -> None:
    possible = POSSIBLE[status].split()
    otherwise = SAYS_NOTHING.get(status, possible[0])
    verdict = classify(ErrorAnswer(status, named.lower(), is_protocol_error=True), WORDING)
    assert verdict.reason == (named if named in possible else otherwise)


@pytest.mark.parametrize("named", UPSTREAM)
def test_inside_a_200_a_name_may_mean_anything(named: Reason) -> None:
    assert classify(ErrorAnswer(200, named.lower(), is_protocol_error=True), WORDING).reason is named
    assert classify(ErrorAnswer(200, None, named.upper(), is_protocol_error=True), WORDING).reason is named
