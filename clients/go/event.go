package remora

import (
	"google.golang.org/protobuf/proto"

	"github.com/remora-llm/remora/clients/go/remorapb"
)

// Event is one thing that happens to an answer; for a type switch. It is one of *[Started], *[TextDelta],
// *[ReasoningDelta], *[ToolCallDelta], *[RefusalDelta], *[Citation], *[PartCompleted], *[AttemptEnded], *[Failed],
// *[Resumed], *[Restarted], *[PartDiscarded] and *[Completed]. Kinds of later versions are not handed out.
type Event interface{ proto.Message }

// The events. Parts count from 0; offsets count code points, so that 😀 is one.
type (
	// Started: an answer begins. It comes once, right before the first content.
	Started = remorapb.Started
	// TextDelta: a piece of text, never empty.
	TextDelta = remorapb.TextDelta
	// ReasoningDelta: a piece of reasoning.
	ReasoningDelta = remorapb.ReasoningDelta
	// ToolCallDelta: a piece of a tool call. Id and Name come with its first piece.
	ToolCallDelta = remorapb.ToolCallDelta
	// RefusalDelta: a piece of the model's refusal.
	RefusalDelta = remorapb.RefusalDelta
	// Citation: a source that the model cites for a text part.
	Citation = remorapb.Citation
	// PartCompleted: a part is whole.
	PartCompleted = remorapb.PartCompleted
	// AttemptEnded: an attempt ended. Only with [WithAttempts].
	AttemptEnded = remorapb.AttemptEnded
	// Failed: the call is about to end with an error. Only with [WithAttempts].
	Failed = remorapb.Failed
	// Resumed: another target goes on from what was sent; nothing is void.
	Resumed = remorapb.Resumed
	// Restarted: the answer begins again; everything so far is void.
	Restarted = remorapb.Restarted
	// PartDiscarded: what is at and behind Offset of the part is void; 0: the whole part.
	PartDiscarded = remorapb.PartDiscarded
	// Completed: the answer is whole. It ends every successful stream.
	Completed = remorapb.Completed
)

// eventOf is the event a message carries; nil for a kind this version does not know.
func eventOf(message *ChatResponse) Event {
	switch carried := message.GetEvent().(type) {
	case *remorapb.ChatResponse_Started:
		return carried.Started
	case *remorapb.ChatResponse_TextDelta:
		return carried.TextDelta
	case *remorapb.ChatResponse_ReasoningDelta:
		return carried.ReasoningDelta
	case *remorapb.ChatResponse_ToolCallDelta:
		return carried.ToolCallDelta
	case *remorapb.ChatResponse_RefusalDelta:
		return carried.RefusalDelta
	case *remorapb.ChatResponse_Citation:
		return carried.Citation
	case *remorapb.ChatResponse_PartCompleted:
		return carried.PartCompleted
	case *remorapb.ChatResponse_Attempt:
		return carried.Attempt
	case *remorapb.ChatResponse_Failed:
		return carried.Failed
	case *remorapb.ChatResponse_Resumed:
		return carried.Resumed
	case *remorapb.ChatResponse_Restarted:
		return carried.Restarted
	case *remorapb.ChatResponse_PartDiscarded:
		return carried.PartDiscarded
	case *remorapb.ChatResponse_Completed:
		return carried.Completed
	}
	return nil
}
