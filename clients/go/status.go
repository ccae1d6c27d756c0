package remora

import (
	"context"
	"strings"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
)

// domain is the one whose ErrorInfo speaks of Remora's reasons.
const domain = "remora"

// kindByReason: where a reason says more than its status code does.
var kindByReason = map[Reason]Kind{
	ReasonContextLength:   ContextTooLong,
	ReasonContentFiltered: ContentFiltered,
	ReasonRateLimited:     RateLimited,
	ReasonBusy:            RateLimited,
	ReasonBilling:         QuotaExhausted,
	ReasonSpendLimit:      QuotaExhausted,
	ReasonStreamBroken:    StreamBroken,
}

var kindByCode = map[codes.Code]Kind{
	codes.InvalidArgument:    InvalidRequest,
	codes.NotFound:           NotFound,
	codes.Unauthenticated:    Unauthenticated,
	codes.FailedPrecondition: CredentialsRejected,
	codes.ResourceExhausted:  ResourceExhausted,
	codes.Unavailable:        Unavailable,
	codes.DeadlineExceeded:   DeadlineExceeded,
	codes.Canceled:           Cancelled,
	codes.Unimplemented:      NotBuilt,
	codes.Internal:           Internal,
}

// decode turns the status of a failed call into an Error: the only place that reads status details. Details that cannot
// be read are left out. ctx is the caller's: if it was cancelled, the error says so.
func decode(ctx context.Context, err error, trailer metadata.MD, address string) *Error {
	given := status.Convert(err)
	failure := &Error{Code: given.Code(), Message: given.Message()}
	isRemora := false
	for _, packed := range given.Proto().GetDetails() {
		isRemora = failure.apply(packed) || isRemora
	}
	failure.Kind = kindOf(failure.Reason, failure.Code)
	if failure.Code == codes.Unavailable && !isRemora {
		failure.Kind = SidecarLost
		failure.Message = "the connection to the sidecar at " + address + " broke; the call may have run"
	}
	if failure.Code == codes.Canceled && ctx.Err() == context.Canceled {
		failure.cause = endOf(ctx)
	}
	if failure.Message == "" {
		failure.Message = strings.ToLower(failure.Code.String())
	}
	failure.RequestID = either(failure.Metadata["request_id"], trailer.Get("remora-request-id"))
	failure.TraceID = either(failure.Metadata["trace_id"], trailer.Get("remora-trace-id"))
	return failure
}

// apply takes one detail in; true if it was Remora's own ErrorInfo.
func (e *Error) apply(packed *anypb.Any) bool {
	switch packed.MessageName() {
	case "google.rpc.ErrorInfo":
		var info errdetails.ErrorInfo
		if proto.Unmarshal(packed.GetValue(), &info) == nil && info.GetDomain() == domain {
			e.Reason, e.Metadata = Reason(info.GetReason()), info.GetMetadata()
			return true
		}
	case "google.rpc.RetryInfo":
		var retry errdetails.RetryInfo
		if proto.Unmarshal(packed.GetValue(), &retry) == nil {
			after := max(retry.GetRetryDelay().AsDuration(), 0)
			e.RetryAfter = &after
		}
	case "google.rpc.BadRequest":
		var bad errdetails.BadRequest
		if proto.Unmarshal(packed.GetValue(), &bad) == nil {
			for _, wrong := range bad.GetFieldViolations() {
				e.FieldErrors = append(e.FieldErrors, FieldError{wrong.GetField(), wrong.GetDescription()})
			}
		}
	case "remora.v1.FailoverReport":
		var report FailoverReport
		if proto.Unmarshal(packed.GetValue(), &report) == nil {
			e.Report = &report
		}
	}
	return false
}

func kindOf(reason Reason, code codes.Code) Kind {
	if kind, isKnown := kindByReason[reason]; isKnown {
		return kind
	}
	if kind, isKnown := kindByCode[code]; isKnown {
		return kind
	}
	return Other
}

func either(first string, second []string) string {
	if first != "" || len(second) == 0 {
		return first
	}
	return second[0]
}
