package remora

import (
	"cmp"
	"slices"
	"unicode/utf8"

	"github.com/remora-llm/remora/clients/go/remorapb"
)

type pieceKind int

const (
	textPiece pieceKind = iota
	reasoningPiece
	refusalPiece
	toolCallPiece
)

// piece is one part as received.
type piece struct {
	index  int32
	kind   pieceKind
	text   []byte // UTF-8; of a tool call its arguments
	id     string
	name   string
	issuer string
	state  []byte // nil: none
}

// assembly is the answer so far: what holds, with everything void taken out. Feed it every event in order.
type assembly struct {
	completed *Completed
	pieces    []*piece // by index
}

// add takes an event in; true if it made text void that was there before.
func (a *assembly) add(event Event) bool {
	switch event := event.(type) {
	case *TextDelta:
		a.grow(event.GetPartIndex(), textPiece, event.GetText())
	case *ReasoningDelta:
		a.grow(event.GetPartIndex(), reasoningPiece, event.GetText())
	case *RefusalDelta:
		a.grow(event.GetPartIndex(), refusalPiece, event.GetText())
	case *ToolCallDelta:
		grown := a.grow(event.GetPartIndex(), toolCallPiece, event.GetArgumentsFragment())
		grown.id, grown.name = cmp.Or(event.GetId(), grown.id), cmp.Or(event.GetName(), grown.name)
	case *PartCompleted:
		a.close(event)
	case *Restarted:
		return a.discardAll()
	case *PartDiscarded:
		return a.discard(event.GetPartIndex(), int(event.GetOffset()))
	case *Completed:
		a.completed = event
	}
	return false
}

// text is the text that holds: the parts of text in the order of their index.
func (a *assembly) text() string {
	var text []byte
	for _, piece := range a.pieces {
		if piece.kind == textPiece {
			text = append(text, piece.text...)
		}
	}
	return string(text)
}

// message is the assistant's turn: the sidecar's own if it sent one, else put together from the events.
func (a *assembly) message() *Message {
	if message := a.completed.GetMessage(); message != nil {
		return message
	}
	message := &Message{Role: remorapb.Role_ROLE_ASSISTANT}
	for _, piece := range a.pieces {
		message.Parts = append(message.Parts, piece.part())
	}
	return message
}

func (a *assembly) grow(index int32, kind pieceKind, text string) *piece {
	grown := a.piece(index, kind)
	if grown.kind != kind {
		*grown = piece{index: index, kind: kind}
	}
	grown.text = append(grown.text, text...)
	return grown
}

func (a *assembly) close(event *PartCompleted) {
	// Reasoning whose provider shows no text arrives as its state alone.
	closed := a.piece(event.GetPartIndex(), reasoningPiece)
	closed.issuer, closed.state = event.GetIssuer(), event.OpaqueState
}

func (a *assembly) discardAll() bool {
	hadText := slices.ContainsFunc(a.pieces, func(p *piece) bool { return p.kind == textPiece && len(p.text) > 0 })
	a.pieces = nil
	return hadText
}

func (a *assembly) discard(index int32, offset int) bool {
	at, found := a.find(index)
	if !found {
		return false
	}
	cut := a.pieces[at]
	kept := prefixLength(cut.text, offset)
	lostText := cut.kind == textPiece && kept < len(cut.text)
	cut.text = cut.text[:kept]
	if offset <= 0 {
		a.pieces = slices.Delete(a.pieces, at, at+1)
	}
	return lostText
}

// piece is the one with that index, made if need be.
func (a *assembly) piece(index int32, kind pieceKind) *piece {
	at, found := a.find(index)
	if !found {
		a.pieces = slices.Insert(a.pieces, at, &piece{index: index, kind: kind})
	}
	return a.pieces[at]
}

func (a *assembly) find(index int32) (int, bool) {
	return slices.BinarySearchFunc(a.pieces, index, func(p *piece, index int32) int { return int(p.index) - int(index) })
}

// prefixLength is the bytes of the first so many code points of a UTF-8 text.
func prefixLength(text []byte, codePoints int) int {
	length := 0
	for ; codePoints > 0 && length < len(text); codePoints-- {
		_, size := utf8.DecodeRune(text[length:])
		length += size
	}
	return length
}

func (p *piece) part() *Part {
	part := &Part{OpaqueState: p.state}
	if p.issuer != "" {
		part.Issuer = &p.issuer
	}
	text := string(p.text)
	switch p.kind {
	case textPiece:
		part.Content = &remorapb.Part_Text{Text: text}
	case reasoningPiece:
		part.Content = &remorapb.Part_Reasoning{Reasoning: &remorapb.ReasoningPart{Text: text}}
	case refusalPiece:
		part.Content = &remorapb.Part_Refusal{Refusal: text}
	case toolCallPiece:
		call := &ToolCall{Id: p.id, Name: p.name, ArgumentsJson: text}
		part.Content = &remorapb.Part_ToolCall{ToolCall: call}
	}
	return part
}
