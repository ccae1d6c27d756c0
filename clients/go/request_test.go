package remora

import (
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/remora-llm/remora/clients/go/remorapb"
)

// filled is the message with a value in every field.
func filled[M proto.Message](message M) M {
	reflected := message.ProtoReflect()
	fields := reflected.Descriptor().Fields()
	for i := range fields.Len() {
		field := fields.Get(i)
		switch {
		case field.IsMap():
			key, value := protoreflect.ValueOfString("k").MapKey(), protoreflect.ValueOfString("v")
			reflected.Mutable(field).Map().Set(key, value)
		case field.IsList() && field.Kind() == protoreflect.StringKind:
			reflected.Mutable(field).List().Append(protoreflect.ValueOfString("x"))
		case field.IsList():
			reflected.Mutable(field).List().AppendMutable()
		case field.Kind() == protoreflect.MessageKind:
			reflected.Mutable(field)
		case field.Kind() == protoreflect.EnumKind:
			reflected.Set(field, protoreflect.ValueOfEnum(1))
		case field.Kind() == protoreflect.StringKind:
			reflected.Set(field, protoreflect.ValueOfString("x"))
		case field.Kind() == protoreflect.BoolKind:
			reflected.Set(field, protoreflect.ValueOfBool(true))
		case field.Kind() == protoreflect.DoubleKind:
			reflected.Set(field, protoreflect.ValueOfFloat64(1))
		case field.Kind() == protoreflect.Int64Kind:
			reflected.Set(field, protoreflect.ValueOfInt64(1))
		default:
			reflected.Set(field, protoreflect.ValueOfInt32(1))
		}
	}
	return message
}

// sameBytes is whether two messages of different types have the same fields.
func sameBytes(t *testing.T, a, b proto.Message) {
	t.Helper()
	deterministic := proto.MarshalOptions{Deterministic: true}
	first, err := deterministic.Marshal(a)
	if err != nil {
		t.Fatal(err)
	}
	second, err := deterministic.Marshal(b)
	if err != nil {
		t.Fatal(err)
	}
	if string(first) != string(second) {
		t.Errorf("%v\nis not\n%v", a, b)
	}
}

func TestCompleteAsksEverythingThatChatAsks(t *testing.T) {
	question := filled(&ChatRequest{})
	sameBytes(t, question, completeRequest(question))
}

func TestAStreamsAnswerHasEverythingThatItsEndTold(t *testing.T) {
	done := filled(&Completed{})
	sameBytes(t, done, answerOf(done, done.Message))
}

func TestEveryFieldOfAQuestionHasAnOption(t *testing.T) {
	call := newChatCall("m", Text("x"), []ChatOption{
		WithFallbackModels("x"), WithTools(&Tool{}), WithToolChoice(&ToolChoice{}), WithParallelToolCalls(true),
		WithResponseFormat(&ResponseFormat{}), WithMaxOutputTokens(1), WithTemperature(1), WithTopP(1), WithTopK(1),
		WithStop("x"), WithSeed(1), WithPresencePenalty(1), WithFrequencyPenalty(1), WithReasoning(&Reasoning{}),
		WithProviderOptions("k", "v"), WithPolicy(&Policy{}), WithAffinityKey("x"), WithRequestID("x"),
		WithEndUserID("x"), WithMetadata(map[string]string{"k": "v"}), WithAttempts(), WithoutMessage(),
	})
	want := filled(&ChatRequest{})
	want.Model, want.Messages = "m", []*Message{User("x")}
	sameBytes(t, want, call.request)
	embed := newEmbedCall("x", []string{"x"}, []EmbedOption{
		WithDimensions(1), WithTask(remorapb.EmbedTask_EMBED_TASK_DOCUMENT), WithPolicy(&Policy{}), WithRequestID("x"),
		WithEndUserID("x"), WithMetadata(map[string]string{"k": "v"}),
	})
	sameBytes(t, filled(&EmbedRequest{}), embed.request)
}

func TestTurnsAreBuiltFromTextAndParts(t *testing.T) {
	png := append([]byte("\x89PNG\r\n\x1a\n"), 0, 0)
	turn := User("Look:", Image(png, ""), ImageURL("https://example.org/a"), Document([]byte("%PDF"), "application/pdf", ""))
	if len(turn.Parts) != 4 || turn.Parts[1].GetImage().GetMediaType() != "image/png" {
		t.Errorf("%v", turn)
	}
	if alone := User("", Audio([]byte("RIFF"), "audio/wav")); len(alone.Parts) != 1 {
		t.Errorf("%v", alone)
	}
	result := ToolResult("c1", `{"sunny": true}`, Image(png, "image/png"))
	got := result.Parts[0].GetToolResult()
	if result.Role != remorapb.Role_ROLE_TOOL || got.ToolCallId != "c1" || got.IsError || len(got.Images) != 1 {
		t.Errorf("%v", result)
	}
	if failure := ToolFailure("c1", "no"); !failure.Parts[0].GetToolResult().IsError {
		t.Errorf("%v", failure)
	}
	part := TextPart("long")
	cached := Cached(part, time.Minute)
	if part.CacheHint != nil || cached.CacheHint.TtlDuration.AsDuration() != time.Minute || cached.GetText() != "long" {
		t.Errorf("%v, %v", part, cached)
	}
}

func TestTheReasonsAreThoseOfTheContract(t *testing.T) {
	ours := map[Reason]bool{}
	for _, reason := range []Reason{
		ReasonAuthentication, ReasonPermission, ReasonBilling, ReasonRateLimited, ReasonOverloaded, ReasonServerError,
		ReasonConnection, ReasonTimeout, ReasonMalformedResponse, ReasonEmptyResponse, ReasonStreamBroken,
		ReasonModelNotFound, ReasonContextLength, ReasonMaxTokens, ReasonUnsupportedParameter, ReasonToolSchema,
		ReasonForeignReasoning, ReasonContentFiltered, ReasonInvalidRequest, ReasonSpendLimit, ReasonDeadline,
		ReasonCancelled, ReasonUnknown, ReasonUnknownModel, ReasonCapability, ReasonAllUnavailable, ReasonDraining,
		ReasonBusy, ReasonNotBuilt, ReasonCallerUnauthenticated, ReasonInvalidInput, ReasonInternal,
	} {
		ours[reason] = true
	}
	for number, name := range remorapb.ErrorReason_name {
		reason := ReasonOf(remorapb.ErrorReason(number))
		if number != 0 && (string(reason) != strings.TrimPrefix(name, "ERROR_REASON_") || !ours[reason]) {
			t.Errorf("%s has no constant", name)
		}
	}
	if len(ours) != len(remorapb.ErrorReason_name)-1 || ReasonOf(0) != "" || ReasonOf(9999) != "9999" {
		t.Errorf("%d reasons", len(ours))
	}
}
