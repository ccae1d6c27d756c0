package remora

import (
	"encoding/json"
	"strings"

	"github.com/remora-llm/remora/clients/go/remorapb"
)

// Answer is a whole answer: the fields of remora.v1.CompleteResponse, and what is asked of them most. Append Message to
// the conversation as it is: it carries the signatures that providers ask to get back.
type Answer struct{ *remorapb.CompleteResponse }

// Text is the text of the answer.
func (a *Answer) Text() string {
	return joined(a.GetMessage(), (*Part).GetText)
}

// Reasoning is the reasoning that the provider showed.
func (a *Answer) Reasoning() string {
	return joined(a.GetMessage(), func(part *Part) string { return part.GetReasoning().GetText() })
}

// Refusal is the model's refusal in its own words; "" if it did not refuse.
func (a *Answer) Refusal() string {
	return joined(a.GetMessage(), (*Part).GetRefusal)
}

// ToolCalls are the calls that the model wants made, in order. Answer each with [ToolResult].
func (a *Answer) ToolCalls() []*ToolCall {
	var calls []*ToolCall
	for _, part := range a.GetMessage().GetParts() {
		if call := part.GetToolCall(); call != nil {
			calls = append(calls, call)
		}
	}
	return calls
}

// RequestID is the call's request id: the caller's, or the one the sidecar made up.
func (a *Answer) RequestID() string { return a.GetReport().GetRequestId() }

// Decode reads the text as JSON into value, as json.Unmarshal does.
func (a *Answer) Decode(value any) error {
	return json.Unmarshal([]byte(a.Text()), value)
}

// answerOf is the answer that a stream ended with.
func answerOf(done *Completed, message *Message) *Answer {
	return &Answer{&remorapb.CompleteResponse{
		FinishReason:   done.GetFinishReason(),
		EndInferred:    done.GetEndInferred(),
		Message:        message,
		Usage:          done.GetUsage(),
		TotalUsage:     done.GetTotalUsage(),
		Cost:           done.GetCost(),
		RequestedModel: done.GetRequestedModel(),
		Target:         done.GetTarget(),
		ResponseId:     done.ResponseId,
		FailedOver:     done.GetFailedOver(),
		Report:         done.GetReport(),
		TraceId:        done.GetTraceId(),
	}}
}

func joined(message *Message, of func(*Part) string) string {
	var text strings.Builder
	for _, part := range message.GetParts() {
		text.WriteString(of(part))
	}
	return text.String()
}
