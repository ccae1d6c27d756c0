package remora

import (
	"strings"

	"github.com/remora-llm/remora/clients/go/remorapb"
)

// Reason is why a call, or one attempt of it, failed: a value of remora.v1.ErrorReason without its prefix. Values of
// later versions are other texts. Empty: no failure, or not told.
type Reason string

// The reasons, as remora/v1/error_reason.proto documents them.
const (
	ReasonAuthentication        Reason = "AUTHENTICATION"
	ReasonPermission            Reason = "PERMISSION"
	ReasonBilling               Reason = "BILLING"
	ReasonRateLimited           Reason = "RATE_LIMITED"
	ReasonOverloaded            Reason = "OVERLOADED"
	ReasonServerError           Reason = "SERVER_ERROR"
	ReasonConnection            Reason = "CONNECTION"
	ReasonTimeout               Reason = "TIMEOUT"
	ReasonMalformedResponse     Reason = "MALFORMED_RESPONSE"
	ReasonEmptyResponse         Reason = "EMPTY_RESPONSE"
	ReasonStreamBroken          Reason = "STREAM_BROKEN"
	ReasonModelNotFound         Reason = "MODEL_NOT_FOUND"
	ReasonContextLength         Reason = "CONTEXT_LENGTH"
	ReasonMaxTokens             Reason = "MAX_TOKENS"
	ReasonUnsupportedParameter  Reason = "UNSUPPORTED_PARAMETER"
	ReasonToolSchema            Reason = "TOOL_SCHEMA"
	ReasonForeignReasoning      Reason = "FOREIGN_REASONING"
	ReasonContentFiltered       Reason = "CONTENT_FILTERED"
	ReasonInvalidRequest        Reason = "INVALID_REQUEST"
	ReasonSpendLimit            Reason = "SPEND_LIMIT"
	ReasonDeadline              Reason = "DEADLINE"
	ReasonCancelled             Reason = "CANCELLED"
	ReasonUnknown               Reason = "UNKNOWN"
	ReasonUnknownModel          Reason = "UNKNOWN_MODEL"
	ReasonCapability            Reason = "CAPABILITY"
	ReasonAllUnavailable        Reason = "ALL_UNAVAILABLE"
	ReasonDraining              Reason = "DRAINING"
	ReasonBusy                  Reason = "BUSY"
	ReasonNotBuilt              Reason = "NOT_BUILT"
	ReasonCallerUnauthenticated Reason = "CALLER_UNAUTHENTICATED"
	ReasonInvalidInput          Reason = "INVALID_INPUT"
	ReasonInternal              Reason = "INTERNAL"
)

// ReasonOf gives the reason of an event's or report's value; the number as text for one of a later version.
func ReasonOf(value remorapb.ErrorReason) Reason {
	if value == remorapb.ErrorReason_ERROR_REASON_UNSPECIFIED {
		return ""
	}
	return Reason(strings.TrimPrefix(value.String(), "ERROR_REASON_"))
}
