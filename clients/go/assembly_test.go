package remora

import (
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/remora-llm/remora/clients/go/remorapb"
)

func assembled(events ...Event) (*assembly, []bool) {
	answer := &assembly{}
	var voided []bool
	for _, event := range events {
		voided = append(voided, answer.add(event))
	}
	return answer, voided
}

func text(index int32, piece string) Event { return &TextDelta{PartIndex: index, Text: piece} }

func discarded(index, offset int32) Event { return &PartDiscarded{PartIndex: index, Offset: offset} }

func TestOffsetsCountCodePoints(t *testing.T) {
	whole := "a😀é𝄞e\u0301z"
	for offset, want := range []string{"", "a", "a😀", "a😀é", "a😀é𝄞", "a😀é𝄞e", "a😀é𝄞e\u0301", whole, whole, whole} {
		answer, voided := assembled(text(0, whole), discarded(0, int32(offset)))
		if answer.text() != want || voided[1] != (want != whole) {
			t.Errorf("from %d: %q, %v", offset, answer.text(), voided)
		}
	}
}

func TestACharacterMayComeInTwoPieces(t *testing.T) {
	answer, _ := assembled(text(0, "e"), text(0, "\u0301!"), discarded(0, 2), text(0, "?"))
	if answer.text() != "e\u0301?" {
		t.Errorf("%q", answer.text())
	}
}

func TestPartsAreInTheOrderOfTheirIndex(t *testing.T) {
	answer, _ := assembled(text(0, "one"), text(2, "three"), text(1, "two"), text(2, "!"))
	if answer.text() != "onetwothree!" {
		t.Errorf("%q", answer.text())
	}
}

func TestOnlyTextThatWasThereBecomesVoid(t *testing.T) {
	call := &ToolCallDelta{PartIndex: 1, Id: "c1", Name: "f", ArgumentsFragment: `{"a`}
	for name, events := range map[string][]Event{
		"a tool call":      {text(0, "x"), call, discarded(1, 0)},
		"reasoning":        {&ReasoningDelta{Text: "x"}, discarded(0, 0)},
		"an unknown part":  {text(0, "x"), discarded(7, 0)},
		"nothing behind":   {text(0, "x"), discarded(0, 1)},
		"a restart before": {call, &Restarted{}},
	} {
		if _, voided := assembled(events...); voided[len(voided)-1] {
			t.Errorf("%s made text void", name)
		}
	}
	for name, events := range map[string][]Event{
		"a restart":        {text(0, "x"), &Restarted{}},
		"a whole part":     {text(0, "x"), text(1, "y"), discarded(1, 0)},
		"a part's end":     {text(0, "xy"), discarded(0, 1)},
		"a negative index": {text(0, "x"), discarded(0, -1)},
	} {
		if _, voided := assembled(events...); !voided[len(voided)-1] {
			t.Errorf("%s made no text void", name)
		}
	}
}

func TestTheTurnIsPutTogetherFromTheEvents(t *testing.T) {
	answer, _ := assembled(
		&ReasoningDelta{PartIndex: 0, Text: "hm"},
		&PartCompleted{PartIndex: 0, Issuer: "i", OpaqueState: []byte("s")},
		text(1, "wrong"), &Restarted{},
		&PartCompleted{PartIndex: 0, Issuer: "i", OpaqueState: []byte{}},
		text(1, "ri"), text(1, "ght"),
		&ToolCallDelta{PartIndex: 2, Id: "c", Name: "f", ArgumentsFragment: "{"},
		&ToolCallDelta{PartIndex: 2, ArgumentsFragment: "}"},
		&RefusalDelta{PartIndex: 3, Text: "no"},
		&Completed{},
	)
	want := &Message{Role: remorapb.Role_ROLE_ASSISTANT, Parts: []*Part{
		{
			Content: &remorapb.Part_Reasoning{Reasoning: &remorapb.ReasoningPart{}},
			Issuer:  Ptr("i"), OpaqueState: []byte{},
		},
		TextPart("right"),
		ToolCallPart("c", "f", "{}"),
		{Content: &remorapb.Part_Refusal{Refusal: "no"}},
	}}
	if !proto.Equal(answer.message(), want) {
		t.Errorf("%v", answer.message())
	}
}

func TestTheSidecarsOwnTurnGoesFirst(t *testing.T) {
	own := Assistant("own")
	answer, _ := assembled(text(0, "seen"), &Completed{Message: own})
	if answer.message() != own || answer.text() != "seen" {
		t.Error("the turn was put together from the events")
	}
}
