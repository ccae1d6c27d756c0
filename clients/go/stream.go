package remora

import (
	"context"
	"errors"
	"io"
	"iter"
	"sync"
)

// Stream is the answer to one call of [Client.Chat]. The call is made when it is first read, by one goroutine. Leaving a
// loop over it, whatever the way, cancels the call, as Close and the end of the context do; a stream that is not read
// needs no Close. Reading after the end gives the same end again.
type Stream struct {
	ctx    context.Context
	open   func(context.Context) (source[ChatResponse], error)
	source *source[ChatResponse] // the reader's alone; nil before the first read
	voided bool                  // the reader's alone: the last event made text void

	mu       sync.Mutex
	cancel   context.CancelFunc // nil before the first read
	assembly assembly
	outcome  error // nil: it goes on; io.EOF: it ended well
}

func newStream(ctx context.Context, open func(context.Context) (source[ChatResponse], error)) *Stream {
	return &Stream{ctx: ctx, open: open}
}

// Events gives the events as they come; the last pair has the *Error of a call that failed.
func (s *Stream) Events() iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		defer s.Close()
		for {
			event, err := s.next()
			if err == io.EOF || !yield(event, err) || err != nil {
				return
			}
		}
	}
}

// Text gives the text piece by piece.
//
// Where text handed out becomes void (a restart, which the policy decides), onDiscard is called with the text that holds
// now; without it the loop ends with TextDiscarded, so that a wrong text never looks whole.
func (s *Stream) Text(onDiscard ...func(textSoFar string)) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for event, err := range s.Events() {
			if err != nil {
				yield("", err)
				return
			}
			if delta, isText := event.(*TextDelta); isText && !yield(delta.GetText(), nil) {
				return
			}
			if s.voided && len(onDiscard) == 0 {
				yield("", s.end(textDiscarded()))
				return
			}
			if s.voided {
				onDiscard[0](s.TextSoFar())
			}
		}
	}
}

// WriteTo writes the text to w as it comes, by the rules of Text without onDiscard; the bytes written. What w says is
// returned as it is.
func (s *Stream) WriteTo(w io.Writer) (int64, error) {
	var written int64
	for piece, err := range s.Text() {
		if err != nil {
			return written, err
		}
		count, err := io.WriteString(w, piece)
		written += int64(count)
		if err != nil {
			return written, err
		}
	}
	return written, nil
}

// FinalText reads to the end; the whole text, without what became void.
func (s *Stream) FinalText() (string, error) {
	if _, err := s.Finish(); err != nil {
		return "", err
	}
	return s.TextSoFar(), nil
}

// Finish reads to the end; the whole answer. Its Message is there even with [WithoutMessage].
func (s *Stream) Finish() (*Answer, error) {
	for _, err := range s.Events() {
		if err != nil {
			return nil, err
		}
	}
	return answerOf(s.Completed(), s.Message()), nil
}

// Close cancels the call if it still runs; the sidecar then hangs up on the provider. Any goroutine may call it, as
// often as it likes.
func (s *Stream) Close() error {
	s.end(closedError())
	return nil
}

// TextSoFar is the text that holds: what arrived, without what became void. Any goroutine may ask.
func (s *Stream) TextSoFar() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.assembly.text()
}

// Completed is the event that ended the answer; nil before it has been read.
func (s *Stream) Completed() *Completed {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.assembly.completed
}

// Message is the assistant's turn, to append to the conversation; nil before the answer is whole.
func (s *Stream) Message() *Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.assembly.completed == nil {
		return nil
	}
	return s.assembly.message()
}

// next is the next event that this version knows; io.EOF, or the *Error, at the end.
func (s *Stream) next() (Event, error) {
	if err := s.begin(); err != nil {
		return nil, err
	}
	for {
		message, err := s.source.next()
		if err != nil {
			return nil, s.end(err)
		}
		if event := eventOf(message); event != nil {
			return s.take(event)
		}
	}
}

// begin makes the call if it has not been made; the outcome if there is one.
func (s *Stream) begin() error {
	s.mu.Lock()
	if s.outcome != nil || s.source != nil {
		defer s.mu.Unlock()
		return s.outcome
	}
	ctx, cancel := context.WithCancel(s.ctx)
	s.cancel = cancel
	s.mu.Unlock()
	opened, err := s.open(ctx)
	if err != nil {
		return s.end(err)
	}
	s.source = &opened
	return nil
}

// take adds an event to the answer, unless the stream was closed meanwhile.
func (s *Stream) take(event Event) (Event, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.outcome != nil {
		return nil, s.outcome
	}
	s.voided = s.assembly.add(event)
	return event, nil
}

// end settles the outcome, if there is none yet, and releases the call; the outcome that holds.
func (s *Stream) end(err error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.outcome == nil {
		s.outcome = s.settled(err)
	}
	if s.cancel != nil {
		s.cancel()
	}
	return s.outcome
}

// settled is the outcome an end means: without Completed a good end is a hole, and with it a stream left is whole.
func (s *Stream) settled(err error) error {
	isWhole := s.assembly.completed != nil
	switch {
	case err == io.EOF && !isWhole:
		return &Error{Kind: StreamBroken, Reason: ReasonStreamBroken, Message: "the stream ended without `completed`"}
	case isWhole && errors.Is(err, context.Canceled):
		return io.EOF
	}
	return err
}

func textDiscarded() *Error {
	return &Error{
		Kind:    TextDiscarded,
		Message: "text already handed out became void: give Text a function for that, or read the events",
	}
}
