package remoratest

import (
	"context"
	"fmt"
	"strings"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/protoadapt"
	"google.golang.org/protobuf/types/known/durationpb"

	remora "github.com/remora-llm/remora/clients/go"
	"github.com/remora-llm/remora/clients/go/remorapb"
)

// Answer is a play: these pieces are one text, and the answer is whole.
func Answer(pieces ...string) Play {
	target := &remora.Target{Provider: "test", Model: "model"}
	events := []remora.Event{&remora.Started{Target: target}}
	for _, piece := range pieces {
		events = append(events, &remora.TextDelta{Text: piece})
	}
	done := &remora.Completed{
		FinishReason: remorapb.FinishReason_FINISH_REASON_STOP,
		Message:      remora.Assistant(strings.Join(pieces, "")),
		Usage:        &remora.Usage{OutputTokens: int64(len(pieces))},
		Target:       target,
		Report:       &remora.FailoverReport{RequestId: "r-1", ActualTarget: target},
	}
	return Events(append(events, done)...)
}

// Events is a play: these events, and a good end.
func Events(events ...remora.Event) Play {
	return func(_ context.Context, _ Call, send func(remora.Event) error) error {
		for _, event := range events {
			if err := send(event); err != nil {
				return err
			}
		}
		return nil
	}
}

// Failure is a play: the call fails with this code and reason. retryAfter under 0: not told. Metadata has request id
// "r-1".
func Failure(code codes.Code, reason remora.Reason, retryAfter time.Duration) Play {
	details := []protoadapt.MessageV1{&errdetails.ErrorInfo{
		Reason: string(reason), Domain: "remora", Metadata: map[string]string{"request_id": "r-1"},
	}}
	if retryAfter >= 0 {
		details = append(details, &errdetails.RetryInfo{RetryDelay: durationpb.New(retryAfter)})
	}
	failed, err := status.New(code, "the message").WithDetails(details...)
	if err != nil {
		panic(err)
	}
	return func(context.Context, Call, func(remora.Event) error) error { return failed.Err() }
}

// carrying is the message that carries an event.
func carrying(event remora.Event) *remora.ChatResponse {
	switch event := event.(type) {
	case *remora.Started:
		return &remora.ChatResponse{Event: &remorapb.ChatResponse_Started{Started: event}}
	case *remora.TextDelta:
		return &remora.ChatResponse{Event: &remorapb.ChatResponse_TextDelta{TextDelta: event}}
	case *remora.ReasoningDelta:
		return &remora.ChatResponse{Event: &remorapb.ChatResponse_ReasoningDelta{ReasoningDelta: event}}
	case *remora.ToolCallDelta:
		return &remora.ChatResponse{Event: &remorapb.ChatResponse_ToolCallDelta{ToolCallDelta: event}}
	case *remora.RefusalDelta:
		return &remora.ChatResponse{Event: &remorapb.ChatResponse_RefusalDelta{RefusalDelta: event}}
	case *remora.Citation:
		return &remora.ChatResponse{Event: &remorapb.ChatResponse_Citation{Citation: event}}
	case *remora.PartCompleted:
		return &remora.ChatResponse{Event: &remorapb.ChatResponse_PartCompleted{PartCompleted: event}}
	case *remora.AttemptEnded:
		return &remora.ChatResponse{Event: &remorapb.ChatResponse_Attempt{Attempt: event}}
	case *remora.Failed:
		return &remora.ChatResponse{Event: &remorapb.ChatResponse_Failed{Failed: event}}
	case *remora.Resumed:
		return &remora.ChatResponse{Event: &remorapb.ChatResponse_Resumed{Resumed: event}}
	case *remora.Restarted:
		return &remora.ChatResponse{Event: &remorapb.ChatResponse_Restarted{Restarted: event}}
	case *remora.PartDiscarded:
		return &remora.ChatResponse{Event: &remorapb.ChatResponse_PartDiscarded{PartDiscarded: event}}
	case *remora.Completed:
		return &remora.ChatResponse{Event: &remorapb.ChatResponse_Completed{Completed: event}}
	case *remora.ChatResponse:
		return event // as it is: an event of a later version
	}
	panic(fmt.Sprintf("remoratest: no event is of type %T", event))
}

func whole(done *remora.Completed) *remorapb.CompleteResponse {
	return &remorapb.CompleteResponse{
		FinishReason: done.FinishReason, EndInferred: done.EndInferred, Message: done.Message, Usage: done.Usage,
		TotalUsage: done.TotalUsage, Cost: done.Cost, RequestedModel: done.RequestedModel, Target: done.Target,
		ResponseId: done.ResponseId, FailedOver: done.FailedOver, Report: done.Report, TraceId: done.TraceId,
	}
}
