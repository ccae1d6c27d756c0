"""The machine names (codes and types, lower case) in errors of Anthropic's protocol.

Source: Anthropic's page "Errors" and the error types of its official package. Codes come in `error.details.error_code`; one
that is not known leaves the type to decide. Vendors with numeric codes of their own use them on this wire too.
"""

from __future__ import annotations

from ..core.reasons import Reason
from . import openai_names

_TYPES: dict[str, tuple[Reason, ...]] = {
    "authentication_error": (Reason.AUTHENTICATION,),
    "billing_error": (Reason.BILLING,),
    "rate_limit_error": (Reason.RATE_LIMITED, Reason.BILLING, Reason.CONTEXT_LENGTH),
    "overloaded_error": (Reason.OVERLOADED,),
    "request_too_large": (Reason.CONTEXT_LENGTH,),
    "timeout_error": (Reason.TIMEOUT,),
}
_CODES: dict[str, tuple[Reason, ...]] = {
    "enforced_spend_limit_reached": (Reason.BILLING,),
    "contract_spend_limit_reached": (Reason.BILLING,),
    "linked_organization_billing_unavailable": (Reason.BILLING,),
    "linked_organization_spend_limit_reached": (Reason.BILLING,),
    "ramp_limit_exceeded": (Reason.RATE_LIMITED,),
    # Disabled for trust and safety, expressly not for money: no model of the organization's keys answers.
    "organization_on_hold": (Reason.AUTHENTICATION,),
    "claude_code_key_creator_not_member": (Reason.AUTHENTICATION,),
    # The workspace or organization behind the key, not the request: another key or provider may answer.
    "cmek_key_disabled": (Reason.PERMISSION,),
    "cmek_key_network_blocked": (Reason.PERMISSION,),
    "organization_type_not_supported": (Reason.PERMISSION,),
    "parent_organization_required": (Reason.PERMISSION,),
    "sandbox_egress_restricted": (Reason.PERMISSION,),
    "cmek_context_unavailable": (Reason.SERVER_ERROR,),
    "cmek_key_unreachable": (Reason.SERVER_ERROR,),
    "request_body_encoding_invalid": (Reason.INVALID_REQUEST,),
    "request_body_encoding_unsupported": (Reason.INVALID_REQUEST,),
    "request_body_too_large_after_decoding": (Reason.CONTEXT_LENGTH,),
}
_BUSINESS_DIGITS = 4


def _is_business_code(name: str) -> bool:
    return name.isdigit() and len(name) == _BUSINESS_DIGITS


NAMES: dict[str, tuple[Reason, ...]] = {
    **{name: means for name, means in openai_names.NAMES.items() if _is_business_code(name)},
    **_TYPES,
    **_CODES,
}
"""What a code or type leaves of the possible reasons, the likeliest first."""
KINDS: dict[str, Reason] = {
    **{name: means for name, means in openai_names.KINDS.items() if _is_business_code(name)},
    "invalid_request_error": Reason.INVALID_REQUEST,
    "permission_error": Reason.PERMISSION,
    "not_found_error": Reason.UNKNOWN,
    "api_error": Reason.SERVER_ERROR,
}
"""Broad types, which only say what it is when nothing else does."""
BUSINESS_CODES = frozenset(name for name in NAMES.keys() | KINDS.keys() if _is_business_code(name))
"""Codes by which an error without a type is known as a vendor's own."""
