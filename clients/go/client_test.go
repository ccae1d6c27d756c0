package remora_test

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/proto"

	remora "github.com/remora-llm/remora/clients/go"
	"github.com/remora-llm/remora/clients/go/remoratest"
)

const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

// pair is a sidecar and its client.
func pair(t *testing.T, options ...remora.Option) (*remoratest.Sidecar, *remora.Client) {
	t.Helper()
	sidecar := remoratest.New(t)
	return sidecar, client(t, append(options, remora.WithAddress(sidecar.Address()))...)
}

func client(t *testing.T, options ...remora.Option) *remora.Client {
	t.Helper()
	made, err := remora.New(options...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { made.Close() })
	return made
}

// nobody is an address where nothing listens.
func nobody(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}

func failure(t *testing.T, err error) *remora.Error {
	t.Helper()
	var failed *remora.Error
	if !errors.As(err, &failed) {
		t.Fatalf("%v is no *remora.Error", err)
	}
	return failed
}

func TestAWholeAnswerAndItsConversation(t *testing.T) {
	sidecar, client := pair(t)
	conversation := remora.Conversation{remora.System("Short."), remora.User("Why?")}
	answer, err := client.Complete(context.Background(), "smart", conversation, remora.WithMaxOutputTokens(9))
	if err != nil || answer.Text() != "Because of Rayleigh scattering." || answer.RequestID() != "r-1" {
		t.Fatalf("%v, %v", answer, err)
	}
	conversation = append(conversation, answer.Message, remora.User("And at night?"))
	if _, err := client.Complete(context.Background(), "smart", conversation); err != nil {
		t.Fatal(err)
	}
	calls := sidecar.Calls()
	if *calls[0].Request.MaxOutputTokens != 9 || len(calls[1].Request.Messages) != 4 {
		t.Errorf("%v", calls)
	}
}

func TestTheEarlierOfContextAndCallEndsACall(t *testing.T) {
	sidecar, client := pair(t, remora.WithTimeout(40*time.Second))
	soon, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	late, cancel := context.WithTimeout(context.Background(), 90*time.Second)
	defer cancel()
	for _, one := range []struct {
		ctx     context.Context
		options []remora.ChatOption
		want    time.Duration
	}{
		{context.Background(), nil, 40 * time.Second},
		{late, nil, 90 * time.Second},
		{soon, nil, 20 * time.Second},
		{soon, []remora.ChatOption{remora.WithTimeout(10 * time.Second)}, 10 * time.Second},
		{soon, []remora.ChatOption{remora.WithTimeout(30 * time.Second)}, 20 * time.Second},
		{context.Background(), []remora.ChatOption{remora.WithTimeout(remora.NoTimeout)}, 0},
	} {
		if _, err := client.Complete(one.ctx, "", remora.Text("x"), one.options...); err != nil {
			t.Fatal(err)
		}
		calls := sidecar.Calls()
		got := calls[len(calls)-1].Remaining
		if got > one.want || got < one.want-9*time.Second {
			t.Errorf("%v, not %v", got, one.want)
		}
	}
}

func TestASidecarThatIsNotThereIsToldInTime(t *testing.T) {
	address := nobody(t)
	client := client(t, remora.WithAddress(address), remora.WithConnectTimeout(200*time.Millisecond))
	for _, options := range [][]remora.ChatOption{nil, {remora.WithTimeout(100 * time.Millisecond)}} {
		began := time.Now()
		_, err := client.Complete(context.Background(), "", remora.Text("x"), options...)
		failed := failure(t, err)
		if failed.Kind != remora.SidecarUnreachable || failed.Code != codes.OK {
			t.Errorf("%v", failed)
		}
		for _, word := range []string{address, "remora serve", "REMORA_ADDRESS", " s)"} {
			if !strings.Contains(failed.Message, word) {
				t.Errorf("%s: no %s", failed.Message, word)
			}
		}
		if took := time.Since(began); took > remora.DefaultConnectTimeout {
			t.Errorf("the limits it was given did not count: it took %v", took)
		}
	}
}

func TestAContextThatHasEndedSendsNothing(t *testing.T) {
	sidecar, reachable := pair(t)
	unreachable := client(t, remora.WithAddress(nobody(t)))
	cancelled, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := reachable.Complete(cancelled, "", remora.Text("x"))
	if !errors.Is(err, remora.Cancelled) || !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	_, err = reachable.Complete(context.Background(), "", remora.Text("x"), remora.WithTimeout(0))
	if !errors.Is(err, remora.DeadlineExceeded) || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v", err)
	}
	soon, cancel := context.WithCancel(context.Background())
	time.AfterFunc(50*time.Millisecond, cancel)
	_, err = unreachable.Complete(soon, "", remora.Text("x"))
	if !errors.Is(err, remora.Cancelled) || !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	if len(sidecar.Calls()) != 0 {
		t.Errorf("%v", sidecar.Calls())
	}
}

func TestTheLargestRequestIsSentAndALargerOneIsNot(t *testing.T) {
	sidecar, client := pair(t)
	of := func(length int) *remora.ChatRequest {
		return &remora.ChatRequest{Messages: []*remora.Message{remora.User(strings.Repeat("x", length))}}
	}
	overhead := proto.Size(of(remora.MaxMessageBytes/2)) - remora.MaxMessageBytes/2
	request := of(remora.MaxMessageBytes - overhead)
	if _, err := client.ChatWith(context.Background(), request).Finish(); err != nil {
		t.Fatal(err)
	}
	request = of(remora.MaxMessageBytes - overhead + 1)
	_, err := client.ChatWith(context.Background(), request).Finish()
	failed := failure(t, err)
	if failed.Kind != remora.RequestTooLarge || !strings.Contains(failed.Message, "32 MiB") {
		t.Errorf("%v", err)
	}
	if len(sidecar.Calls()) != 1 {
		t.Errorf("%d calls", len(sidecar.Calls()))
	}
}

func TestWhatGoesAlongWithACall(t *testing.T) {
	sidecar, client := pair(t, remora.WithToken("s3cret"))
	state, err := trace.ParseTraceState("a=b")
	if err != nil {
		t.Fatal(err)
	}
	span := trace.NewSpanContext(trace.SpanContextConfig{
		TraceID: trace.TraceID{1}, SpanID: trace.SpanID{2}, TraceFlags: trace.FlagsSampled, TraceState: state,
	})
	ctx := metadata.AppendToOutgoingContext(trace.ContextWithSpanContext(context.Background(), span), "private", "x")
	for _, options := range [][]remora.ChatOption{nil, {remora.WithTraceparent(traceparent)}} {
		if _, err := client.Complete(ctx, "", remora.Text("x"), options...); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := client.Complete(context.Background(), "", remora.Text("x")); err != nil {
		t.Fatal(err)
	}
	const active = "00-01000000000000000000000000000000-0200000000000000-01"
	for index, want := range []string{active, traceparent, ""} {
		sent := sidecar.Calls()[index].Metadata
		if got := strings.Join(sent.Get("traceparent"), ","); got != want {
			t.Errorf("%d: traceparent %q", index, got)
		}
		if got := strings.Join(sent.Get("tracestate"), ","); (got == "a=b") != (index == 0) {
			t.Errorf("%d: tracestate %q", index, got)
		}
		if sent.Get("authorization")[0] != "Bearer s3cret" || len(sent.Get("private")) != 0 {
			t.Errorf("%d: %v", index, sent)
		}
		if !strings.HasPrefix(sent.Get("user-agent")[0], "remora-client-go/0.1.0") {
			t.Errorf("%d: %v", index, sent.Get("user-agent"))
		}
	}
}

func TestHealth(t *testing.T) {
	_, client := pair(t)
	if serving, err := client.IsServing(context.Background()); !serving || err != nil {
		t.Errorf("%v, %v", serving, err)
	}
	if snapshot, err := client.Health(context.Background()); err != nil || !snapshot.Snapshot {
		t.Errorf("%v, %v", snapshot, err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var ended error
	for change, err := range client.WatchHealth(ctx) {
		if err == nil && change.Snapshot {
			cancel()
		}
		ended = err
	}
	if !errors.Is(ended, remora.Cancelled) || !errors.Is(ended, context.Canceled) {
		t.Errorf("%v", ended)
	}
	if _, err := client.GetReport(context.Background(), "r-1"); !errors.Is(err, remora.NotBuilt) {
		t.Errorf("%v", err)
	}
	if _, err := client.ResetHealth(context.Background(), remora.EveryScope()); !errors.Is(err, remora.NotBuilt) {
		t.Errorf("%v", err)
	}
}

func TestAClosedClientMakesNoCalls(t *testing.T) {
	_, client := pair(t)
	client.Close()
	_, err := client.Complete(context.Background(), "", remora.Text("x"))
	if failed := failure(t, err); failed.Kind != remora.Cancelled || failed.Message != "the client is closed" {
		t.Errorf("%v", err)
	}
}
