// Package remoratest is a sidecar for the tests of programs that use package remora: a real gRPC server on this host
// that answers from a script.
package remoratest

import (
	"context"
	"net"
	"slices"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"

	remora "github.com/remora-llm/remora/clients/go"
	"github.com/remora-llm/remora/clients/go/remorapb"
)

// Call is one call of Chat or Complete that a sidecar took.
type Call struct {
	// Request is the question; that of a Complete with its common fields as a ChatRequest.
	Request *remora.ChatRequest
	// Metadata is what came with it.
	Metadata metadata.MD
	// Remaining is the time until its deadline; 0: it has none.
	Remaining time.Duration
}

// Play is what a sidecar does with a call: it sends events, waits, and returns the call's status, as nil or by
// status.Error. ctx ends when the caller hangs up.
type Play func(ctx context.Context, call Call, send func(remora.Event) error) error

// Sidecar answers Chat and Complete by its Play; to begin with, with one text.
type Sidecar struct {
	remorapb.UnimplementedChatServiceServer
	remorapb.UnimplementedHealthServiceServer

	address string
	mu      sync.Mutex
	play    Play
	calls   []Call
}

// New starts a sidecar that ends with the test.
func New(t testing.TB) *Sidecar {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	sidecar := &Sidecar{address: listener.Addr().String(), play: Answer("Because", " of Rayleigh scattering.")}
	server := grpc.NewServer(grpc.MaxRecvMsgSize(remora.MaxMessageBytes), grpc.MaxSendMsgSize(remora.MaxMessageBytes))
	remorapb.RegisterChatServiceServer(server, sidecar)
	remorapb.RegisterHealthServiceServer(server, sidecar)
	grpc_health_v1.RegisterHealthServer(server, health.NewServer())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = server.Serve(listener)
	}()
	t.Cleanup(func() {
		server.Stop()
		<-ended
	})
	return sidecar
}

// Address is host:port, for remora.WithAddress or REMORA_ADDRESS.
func (s *Sidecar) Address() string { return s.address }

// Plays says what becomes of each later call.
func (s *Sidecar) Plays(play Play) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.play = play
}

// Calls are the calls taken so far, oldest first.
func (s *Sidecar) Calls() []Call {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.calls)
}

// Chat answers by the script.
func (s *Sidecar) Chat(request *remora.ChatRequest, stream grpc.ServerStreamingServer[remora.ChatResponse]) error {
	play, call := s.take(stream.Context(), request)
	return play(stream.Context(), call, func(event remora.Event) error { return stream.Send(carrying(event)) })
}

// Complete answers by the same script, in one piece.
func (s *Sidecar) Complete(ctx context.Context, request *remora.CompleteRequest) (*remorapb.CompleteResponse, error) {
	play, call := s.take(ctx, &remora.ChatRequest{
		Model: request.Model, Messages: request.Messages, Tools: request.Tools, RequestId: request.RequestId,
		Policy: request.Policy, MaxOutputTokens: request.MaxOutputTokens,
	})
	response := &remorapb.CompleteResponse{}
	err := play(ctx, call, func(event remora.Event) error {
		if done, isEnd := event.(*remora.Completed); isEnd {
			response = whole(done)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return response, nil
}

// Health sends one snapshot; a watch then goes on until the caller leaves.
func (s *Sidecar) Health(
	request *remorapb.HealthRequest, stream grpc.ServerStreamingServer[remora.HealthResponse],
) error {
	if err := stream.Send(&remora.HealthResponse{Snapshot: true}); err != nil || !request.Watch {
		return err
	}
	<-stream.Context().Done()
	return nil
}

func (s *Sidecar) take(ctx context.Context, request *remora.ChatRequest) (Play, Call) {
	call := Call{Request: request}
	call.Metadata, _ = metadata.FromIncomingContext(ctx)
	if deadline, has := ctx.Deadline(); has {
		call.Remaining = time.Until(deadline)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls = append(s.calls, call)
	return s.play, call
}
