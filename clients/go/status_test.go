package remora

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/durationpb"
)

func decoded(code codes.Code, details ...proto.Message) *Error {
	given := &spb.Status{Code: int32(code), Message: "the message"}
	for _, detail := range details {
		packed, isPacked := detail.(*anypb.Any)
		if !isPacked {
			var err error
			if packed, err = anypb.New(detail); err != nil {
				panic(err)
			}
		}
		given.Details = append(given.Details, packed)
	}
	trailer := metadata.Pairs("remora-request-id", "r-trailer", "remora-trace-id", "t-trailer")
	return decode(context.Background(), status.ErrorProto(given), trailer, "here:1")
}

func info(reason Reason, of string) proto.Message {
	return &errdetails.ErrorInfo{Reason: string(reason), Domain: of, Metadata: map[string]string{"request_id": "r-1"}}
}

func TestKindsByReasonAndCode(t *testing.T) {
	for _, one := range []struct {
		code   codes.Code
		reason Reason
		want   Kind
	}{
		{codes.InvalidArgument, ReasonContextLength, ContextTooLong},
		{codes.InvalidArgument, ReasonContentFiltered, ContentFiltered},
		{codes.InvalidArgument, ReasonInvalidInput, InvalidRequest},
		{codes.ResourceExhausted, ReasonRateLimited, RateLimited},
		{codes.ResourceExhausted, ReasonBusy, RateLimited},
		{codes.ResourceExhausted, ReasonBilling, QuotaExhausted},
		{codes.ResourceExhausted, ReasonSpendLimit, QuotaExhausted},
		{codes.ResourceExhausted, "", ResourceExhausted},
		{codes.Unavailable, ReasonStreamBroken, StreamBroken},
		{codes.Unavailable, ReasonOverloaded, Unavailable},
		{codes.Unavailable, "SOLAR_FLARE", Unavailable},
		{codes.Unavailable, "", SidecarLost},
		{codes.NotFound, ReasonUnknownModel, NotFound},
		{codes.Unauthenticated, ReasonCallerUnauthenticated, Unauthenticated},
		{codes.FailedPrecondition, ReasonAuthentication, CredentialsRejected},
		{codes.DeadlineExceeded, "", DeadlineExceeded},
		{codes.Canceled, ReasonCancelled, Cancelled},
		{codes.Unimplemented, ReasonNotBuilt, NotBuilt},
		{codes.Internal, ReasonInternal, Internal},
		{codes.DataLoss, "", Other},
	} {
		var details []proto.Message
		if one.reason != "" {
			details = append(details, info(one.reason, domain))
		}
		got := decoded(one.code, details...)
		if got.Kind != one.want || got.Reason != one.reason || got.Code != one.code {
			t.Errorf("%v: %v", one, got)
		}
		if !errors.Is(got, one.want) || errors.Is(got, TextDiscarded) || errors.Is(got, context.Canceled) {
			t.Errorf("%v: errors.Is does not know its kind", one)
		}
		if errors.Is(got, context.DeadlineExceeded) != (one.want == DeadlineExceeded) {
			t.Errorf("%v: errors.Is and the deadline", one)
		}
	}
}

func TestDetailsAreReadAndTheUnreadableLeftOut(t *testing.T) {
	broken := func(name string) proto.Message {
		return &anypb.Any{TypeUrl: "type.googleapis.com/" + name, Value: []byte{0xff, 0xff}}
	}
	got := decoded(codes.InvalidArgument,
		broken("google.rpc.ErrorInfo"), broken("google.rpc.RetryInfo"), broken("google.rpc.BadRequest"),
		broken("remora.v1.FailoverReport"), broken("example.Later"), info(ReasonRateLimited, "example.org"),
		info(ReasonInvalidInput, domain),
		&errdetails.RetryInfo{RetryDelay: durationpb.New(1500 * time.Millisecond)},
		&errdetails.BadRequest{FieldViolations: []*errdetails.BadRequest_FieldViolation{
			{Field: "top_p", Description: "wrong"},
		}},
		&FailoverReport{RequestId: "r-report"},
	)
	if got.Reason != ReasonInvalidInput || *got.RetryAfter != 1500*time.Millisecond || got.Report.RequestId != "r-report" {
		t.Errorf("%+v", got)
	}
	const line = "remora: INVALID_REQUEST (INVALID_INPUT): the message; top_p: wrong (request r-1)"
	if got.Error() != line || got.RequestID != "r-1" || got.TraceID != "t-trailer" {
		t.Errorf("%v, %s", got, got.TraceID)
	}
}

func TestAWrongFieldIsToldOnce(t *testing.T) {
	got := &Error{
		Kind:    InvalidRequest,
		Message: "top_p: must be over 0 (and 1 more)",
		FieldErrors: []FieldError{
			{Field: "top_p", Description: "must be over 0"}, {Field: "seed", Description: "wrong"},
		},
	}
	if got.Error() != "remora: INVALID_REQUEST: top_p: must be over 0 (and 1 more); seed: wrong" {
		t.Error(got)
	}
}

func TestWithoutDetailsTheTrailersTellTheIds(t *testing.T) {
	got := decoded(codes.Unavailable)
	if got.RequestID != "r-trailer" || got.TraceID != "t-trailer" || got.RetryAfter != nil || got.Report != nil {
		t.Errorf("%+v", got)
	}
	if got.Message != "the connection to the sidecar at here:1 broke; the call may have run" {
		t.Errorf("%s", got.Message)
	}
}

func TestOnlyTheCallersOwnCancelIsOne(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	canceled := status.Error(codes.Canceled, "x")
	if errors.Is(decode(ctx, canceled, nil, ""), context.Canceled) {
		t.Error("the server cancelled, not the caller")
	}
	cancel()
	if !errors.Is(decode(ctx, canceled, nil, ""), context.Canceled) {
		t.Error("the caller cancelled")
	}
}

func TestTheCauseOfACancelIsKnownToErrorsIs(t *testing.T) {
	ctx, cancel := context.WithCancelCause(context.Background())
	cause := errors.New("the user pressed stop")
	cancel(cause)
	client := Must(New(WithAddress("127.0.0.1:1")))
	defer client.Close()
	_, before := client.Complete(ctx, "m", Text("Why?"))
	for _, got := range []error{before, decode(ctx, status.Error(codes.Canceled, "x"), nil, "")} {
		if !errors.Is(got, Cancelled) || !errors.Is(got, context.Canceled) || !errors.Is(got, cause) {
			t.Error(got)
		}
		if strings.Contains(got.Error(), "pressed") {
			t.Errorf("the caller's own words: %v", got)
		}
	}
}
