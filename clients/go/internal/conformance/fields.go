package main

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	remora "github.com/remora-llm/remora/clients/go"
	"github.com/remora-llm/remora/clients/go/remorapb"
)

// fields is a JSON object.
type fields map[string]any

// eventFields is an event under its name in the contract.
func eventFields(event remora.Event) fields {
	switch e := event.(type) {
	case *remora.Started:
		return fields{"kind": "started", "target": remora.TargetName(e.Target), "failed_over": e.FailedOver}
	case *remora.TextDelta:
		return fields{"kind": "text_delta", "part_index": e.PartIndex, "text": e.Text}
	case *remora.ReasoningDelta:
		return fields{"kind": "reasoning_delta", "part_index": e.PartIndex, "text": e.Text}
	case *remora.RefusalDelta:
		return fields{"kind": "refusal_delta", "part_index": e.PartIndex, "text": e.Text}
	case *remora.ToolCallDelta:
		return fields{"kind": "tool_call_delta", "part_index": e.PartIndex, "id": e.Id, "name": e.Name,
			"arguments_fragment": e.ArgumentsFragment}
	case *remora.PartCompleted:
		return fields{"kind": "part_completed", "part_index": e.PartIndex, "issuer": e.Issuer,
			"opaque_state": e.OpaqueState}
	case *remora.Citation:
		return fields{"kind": "citation", "part_index": e.PartIndex, "uri": e.Uri}
	case *remora.AttemptEnded:
		return fields{"kind": "attempt", "target": remora.TargetName(e.GetAttempt().GetTarget()),
			"reason": orNull(remora.ReasonOf(e.GetAttempt().GetReason()))}
	case *remora.Failed:
		return fields{"kind": "failed", "reason": orNull(remora.ReasonOf(e.Reason)), "message": e.Message}
	case *remora.Resumed:
		return fields{"kind": "resumed", "target": remora.TargetName(e.Target), "part_index": e.PartIndex,
			"offset": e.Offset}
	case *remora.Restarted:
		return fields{"kind": "restarted", "target": remora.TargetName(e.Target)}
	case *remora.PartDiscarded:
		return fields{"kind": "part_discarded", "part_index": e.PartIndex, "offset": e.Offset}
	case *remora.Completed:
		return fields{"kind": "completed", "finish_reason": finishReason(e.FinishReason), "end_inferred": e.EndInferred,
			"target": remora.TargetName(e.Target), "failed_over": e.FailedOver}
	}
	panic(fmt.Sprintf("an event of type %T", event))
}

func answerFields(answer *remora.Answer) fields {
	calls := []fields{}
	for _, call := range answer.ToolCalls() {
		calls = append(calls, fields{"id": call.Id, "name": call.Name, "arguments_json": call.ArgumentsJson})
	}
	message, err := proto.Marshal(answer.Message)
	if err != nil {
		panic(err)
	}
	return fields{
		"text":          answer.Text(),
		"message":       message,
		"finish_reason": finishReason(answer.FinishReason),
		"target":        remora.TargetName(answer.Target),
		"failed_over":   answer.FailedOver,
		"end_inferred":  answer.EndInferred,
		"output_tokens": answer.GetUsage().GetOutputTokens(),
		"request_id":    answer.RequestID(),
		"trace_id":      answer.TraceId,
		"tool_calls":    calls,
		"reasoning":     answer.Reasoning(),
	}
}

func embedFields(embedded *remora.EmbedResponse) fields {
	vectors := [][]float32{}
	for _, one := range embedded.Embeddings {
		vectors = append(vectors, one.Values)
	}
	return fields{"vectors": vectors, "target": remora.TargetName(embedded.Target)}
}

func modelsFields(listed *remora.ListModelsResponse) fields {
	models, aliases := []string{}, []string{}
	for _, model := range listed.Models {
		models = append(models, model.Reference)
	}
	for _, alias := range listed.Aliases {
		aliases = append(aliases, alias.Name)
	}
	return fields{"models": models, "aliases": aliases, "default_model": listed.DefaultModel}
}

func healthFields(health *remora.HealthResponse) fields {
	entries := []fields{}
	for _, entry := range health.Entries {
		state := strings.TrimPrefix(entry.State.String(), "BREAKER_STATE_")
		entries = append(entries, fields{"entry": entry.Entry, "state": state})
	}
	return fields{"snapshot": health.Snapshot, "entries": entries}
}

// errorFields is a failed call's error; text: what of the answer holds.
func errorFields(err error, text string) fields {
	var failure *remora.Error
	if !errors.As(err, &failure) {
		panic(fmt.Sprintf("an error of type %T", err))
	}
	wrong := []fields{}
	for _, one := range failure.FieldErrors {
		wrong = append(wrong, fields{"field": one.Field, "description": one.Description})
	}
	metadata := failure.Metadata
	if metadata == nil {
		metadata = map[string]string{}
	}
	var retryAfter any
	if failure.RetryAfter != nil {
		retryAfter = floating{failure.RetryAfter.Seconds()}
	}
	return fields{
		"kind":          failure.Kind,
		"code":          codeName(failure.Code),
		"reason":        orNull(failure.Reason),
		"message":       failure.Message,
		"retry_after_s": retryAfter,
		"field_errors":  wrong,
		"metadata":      metadata,
		"request_id":    failure.RequestID,
		"trace_id":      failure.TraceID,
		"report":        reportFields(failure.Report),
		"text":          text,
	}
}

func reportFields(report *remora.FailoverReport) any {
	if report == nil {
		return nil
	}
	attempts := []fields{}
	for _, attempt := range report.Attempts {
		target, reason := remora.TargetName(attempt.Target), orNull(remora.ReasonOf(attempt.Reason))
		attempts = append(attempts, fields{"target": target, "reason": reason})
	}
	leftOut := report.GetTruncated().GetAttempts()
	return fields{"attempts": attempts, "attempts_left_out": leftOut, "failed_over": report.FailedOver}
}

// floating is a number that JSON shows with a decimal point, whole or not.
type floating struct{ value float64 }

func (f floating) MarshalJSON() ([]byte, error) {
	text := fmt.Sprintf("%g", f.value)
	if !strings.ContainsAny(text, ".e") {
		text += ".0"
	}
	return []byte(text), nil
}

var capital = regexp.MustCompile("([a-z])([A-Z])")

// codeName is the code as gRPC writes it, DATA_LOSS; null if the call was never sent.
func codeName(code codes.Code) any {
	switch code {
	case codes.OK:
		return nil
	case codes.Canceled:
		return "CANCELLED"
	}
	return strings.ToUpper(capital.ReplaceAllString(code.String(), "${1}_${2}"))
}

func finishReason(reason remorapb.FinishReason) any {
	if reason == remorapb.FinishReason_FINISH_REASON_UNSPECIFIED {
		return nil
	}
	return strings.TrimPrefix(reason.String(), "FINISH_REASON_")
}

func orNull(reason remora.Reason) any {
	if reason == "" {
		return nil
	}
	return reason
}
