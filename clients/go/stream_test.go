package remora_test

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc/codes"

	remora "github.com/remora-llm/remora/clients/go"
	"github.com/remora-llm/remora/clients/go/remoratest"
)

// endless is a play that goes on until the caller hangs up, and says so.
func endless() (remoratest.Play, <-chan struct{}) {
	hungUp := make(chan struct{}, 8)
	return func(ctx context.Context, _ remoratest.Call, send func(remora.Event) error) error {
		defer func() { hungUp <- struct{}{} }()
		for ctx.Err() == nil {
			if err := send(&remora.TextDelta{Text: "on "}); err != nil {
				return err
			}
			select {
			case <-ctx.Done():
			case <-time.After(time.Millisecond):
			}
		}
		return ctx.Err()
	}, hungUp
}

func awaited(t *testing.T, hungUp <-chan struct{}) {
	t.Helper()
	select {
	case <-hungUp:
	case <-time.After(10 * time.Second):
		t.Fatal("the call went on")
	}
}

func TestWhateverAbandonsAStreamCancelsItsCall(t *testing.T) {
	for name, abandon := range map[string]func(*remora.Stream, context.CancelFunc){
		"break": func(stream *remora.Stream, _ context.CancelFunc) {
			for range stream.Events() {
				break
			}
		},
		"break of the text": func(stream *remora.Stream, _ context.CancelFunc) {
			for range stream.Text() {
				break
			}
		},
		"panic": func(stream *remora.Stream, _ context.CancelFunc) {
			defer func() { _ = recover() }()
			for range stream.Text() {
				panic("of the loop")
			}
		},
		"close": func(stream *remora.Stream, _ context.CancelFunc) {
			for range stream.Text() {
				stream.Close()
			}
		},
		"a writer that fails": func(stream *remora.Stream, _ context.CancelFunc) {
			_, _ = stream.WriteTo(failing{})
		},
	} {
		t.Run(name, func(t *testing.T) {
			sidecar, client := pair(t)
			play, hungUp := endless()
			sidecar.Plays(play)
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			stream := client.Chat(ctx, "", remora.Text("x"))
			abandon(stream, cancel)
			awaited(t, hungUp)
			_, err := stream.Finish()
			if !errors.Is(err, remora.Cancelled) || !strings.HasPrefix(stream.TextSoFar(), "on ") {
				t.Errorf("%v, %q", err, stream.TextSoFar())
			}
		})
	}
}

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, errors.New("full") }

func TestTheContextsEndIsTheStreams(t *testing.T) {
	sidecar, client := pair(t)
	play, hungUp := endless()
	sidecar.Plays(play)
	ctx, cancel := context.WithCancel(context.Background())
	stream := client.Chat(ctx, "", remora.Text("x"))
	for range stream.Text() {
		cancel()
	}
	_, err := stream.Finish()
	awaited(t, hungUp)
	if !errors.Is(err, remora.Cancelled) || !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	soon, cancel := context.WithTimeout(context.Background(), 1500*time.Millisecond)
	defer cancel()
	_, err = client.Chat(soon, "", remora.Text("x")).FinalText()
	awaited(t, hungUp)
	if !errors.Is(err, remora.DeadlineExceeded) || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v", err)
	}
}

func TestAnotherGoroutineMayCloseAndLook(t *testing.T) {
	sidecar, client := pair(t)
	play, hungUp := endless()
	sidecar.Plays(play)
	stream := client.Chat(context.Background(), "", remora.Text("x"))
	var others sync.WaitGroup
	for range 4 {
		others.Add(1)
		go func() {
			defer others.Done()
			for stream.TextSoFar() == "" {
				time.Sleep(time.Millisecond)
			}
			stream.Close()
		}()
	}
	_, err := stream.FinalText()
	others.Wait()
	awaited(t, hungUp)
	if !errors.Is(err, remora.Cancelled) {
		t.Errorf("%v", err)
	}
}

func TestAClosedStreamIsNeverSent(t *testing.T) {
	sidecar, client := pair(t)
	stream := client.Chat(context.Background(), "", remora.Text("x"))
	stream.Close()
	if _, err := stream.Finish(); !errors.Is(err, remora.Cancelled) || len(sidecar.Calls()) != 0 {
		t.Errorf("%v, %v", err, sidecar.Calls())
	}
}

func TestReadingAfterTheEndGivesTheSameEnd(t *testing.T) {
	sidecar, client := pair(t)
	stream := client.Chat(context.Background(), "", remora.Text("x"))
	if stream.Message() != nil || stream.Completed() != nil {
		t.Error("an answer before it was read")
	}
	for range 3 {
		if text, err := stream.FinalText(); err != nil || text != "Because of Rayleigh scattering." {
			t.Errorf("%q, %v", text, err)
		}
	}
	sidecar.Plays(remoratest.Failure(codes.Unavailable, remora.ReasonOverloaded, time.Second))
	failing := client.Chat(context.Background(), "", remora.Text("x"))
	_, first := failing.Finish()
	for range failing.Text() {
		_, again := failing.Finish()
		if again != first || !errors.Is(again, remora.Unavailable) || *failure(t, again).RetryAfter != time.Second {
			t.Errorf("%v", again)
		}
	}
	if len(sidecar.Calls()) != 2 {
		t.Errorf("%d calls", len(sidecar.Calls()))
	}
}

func TestAStreamLeftAtItsLastEventIsWhole(t *testing.T) {
	_, client := pair(t)
	stream := client.Chat(context.Background(), "", remora.Text("x"))
	for event := range stream.Events() {
		if _, isLast := event.(*remora.Completed); isLast {
			break
		}
	}
	if answer, err := stream.Finish(); err != nil || answer.Text() != stream.TextSoFar() {
		t.Errorf("%v, %v", answer, err)
	}
}

func TestAnEndWithoutCompletedIsAHole(t *testing.T) {
	sidecar, client := pair(t)
	later := &remora.ChatResponse{}
	later.ProtoReflect().SetUnknown([]byte{0xba, 0x3e, 0x00}) // field 999: a kind of a later version
	sidecar.Plays(remoratest.Events(later, &remora.TextDelta{Text: "half"}, later))
	stream := client.Chat(context.Background(), "", remora.Text("x"))
	var written bytes.Buffer
	_, err := stream.WriteTo(&written)
	failed := failure(t, err)
	if failed.Kind != remora.StreamBroken || failed.Reason != remora.ReasonStreamBroken || failed.Code != codes.OK {
		t.Errorf("%v", err)
	}
	if written.String() != "half" || stream.TextSoFar() != "half" || stream.Message() != nil {
		t.Errorf("%q", written.String())
	}
}

func TestTextThatBecomesVoidNeverLooksWhole(t *testing.T) {
	sidecar, client := pair(t)
	sidecar.Plays(remoratest.Events(
		&remora.TextDelta{Text: "a😀wrong"}, &remora.PartDiscarded{Offset: 2}, &remora.TextDelta{Text: "right"},
		&remora.Completed{},
	))
	stream := client.Chat(context.Background(), "", remora.Text("x"))
	var written bytes.Buffer
	_, err := stream.WriteTo(&written)
	if !errors.Is(err, remora.TextDiscarded) || stream.TextSoFar() != "a😀" {
		t.Errorf("%v, %q", err, stream.TextSoFar())
	}
	if _, again := stream.Finish(); again != err {
		t.Errorf("%v", again)
	}
	shown := ""
	taken := client.Chat(context.Background(), "", remora.Text("x"))
	for piece, err := range taken.Text(func(text string) { shown = text }) {
		if err != nil {
			t.Fatal(err)
		}
		shown += piece
	}
	if shown != "a😀right" || taken.TextSoFar() != shown {
		t.Errorf("%q", shown)
	}
}
