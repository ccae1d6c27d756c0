package remora

import (
	"context"
	"io"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/proto"
)

// CallOption is a setting of one call of any kind.
type CallOption interface {
	ChatOption
	EmbedOption
	applyCall(*callSettings)
}

// callSettings is what one call says about itself, apart from its request.
type callSettings struct {
	timeout     *time.Duration // nil: the context's deadline, else the client's timeout
	traceparent string         // "": the active OpenTelemetry span's
	anonymous   bool           // the token stays here
}

type callOption func(*callSettings)

func (o callOption) applyCall(s *callSettings) { o(s) }
func (o callOption) applyChat(c *chatCall)     { o(&c.callSettings) }
func (o callOption) applyEmbed(c *embedCall)   { o(&c.callSettings) }

// TimeoutOption is a setting of a client and of a call.
type TimeoutOption interface {
	Option
	CallOption
}

type timeoutOption struct {
	callOption
	timeout time.Duration
}

func (o timeoutOption) applyClient(s *settings) { s.timeout = o.timeout }

// WithTimeout limits a call, waiting for the sidecar included; the sidecar knows the limit as the gRPC deadline.
//
// Given to a call it holds beside the context's deadline: the earlier ends the call. Given to [New] it holds for calls
// whose context has no deadline. Without it: [DefaultTimeout]. [NoTimeout]: no limit.
func WithTimeout(timeout time.Duration) TimeoutOption {
	return timeoutOption{func(s *callSettings) { s.timeout = &timeout }, timeout}
}

// WithTraceparent names the place in a trace where the call is made, by W3C's trace context. It goes before the active
// OpenTelemetry span of the context.
func WithTraceparent(traceparent string) CallOption {
	return callOption(func(s *callSettings) { s.traceparent = traceparent })
}

func newCallSettings(options []CallOption) callSettings {
	var s callSettings
	for _, option := range options {
		option.applyCall(&s)
	}
	return s
}

// limited is ctx with the call's time limit.
func (s callSettings) limited(ctx context.Context, otherwise time.Duration) (context.Context, context.CancelFunc) {
	limit := otherwise
	if s.timeout != nil {
		limit = *s.timeout
	} else if _, has := ctx.Deadline(); has {
		limit = NoTimeout
	}
	if limit == NoTimeout {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, limit)
}

// prepare gives the context of a call: checked, connected, limited, with its metadata. The caller's outgoing metadata is
// not the sidecar's and stays here. cancel must be called even after an error.
func (c *Client) prepare(
	ctx context.Context, request proto.Message, call callSettings, timeout time.Duration,
) (sending context.Context, cancel context.CancelFunc, err error) {
	limited, cancel := call.limited(ctx, timeout)
	if err := checkSize(request); err != nil {
		return nil, cancel, err
	}
	if err := c.connection.wait(limited, c.settings.connectTimeout); err != nil {
		return nil, cancel, err
	}
	sent := metadata.MD{}
	if c.settings.token != nil && !call.anonymous {
		sent.Set("authorization", "Bearer "+c.settings.token())
	}
	addTrace(ctx, sent, call.traceparent)
	return metadata.NewOutgoingContext(limited, sent), cancel, nil
}

// unary makes a call that has one answer.
func unary[Q proto.Message, A any](
	ctx context.Context, c *Client, request Q, call callSettings,
	method func(context.Context, Q, ...grpc.CallOption) (A, error),
) (A, error) {
	var none A
	sending, cancel, err := c.prepare(ctx, request, call, c.settings.timeout)
	defer cancel()
	if err != nil {
		return none, err
	}
	var trailer metadata.MD
	answer, err := method(sending, request, grpc.Trailer(&trailer))
	if err != nil {
		return none, decode(ctx, err, trailer, c.connection.address)
	}
	return answer, nil
}

// source is a call that has a stream of answers.
type source[M any] struct {
	next   func() (*M, error) // io.EOF: it ended well; else *Error
	cancel context.CancelFunc
}

// open makes a call that has a stream of answers; its cancel must be called in the end.
func open[Q proto.Message, M any](
	ctx context.Context, c *Client, request Q, call callSettings, timeout time.Duration,
	method func(context.Context, Q, ...grpc.CallOption) (grpc.ServerStreamingClient[M], error),
) (source[M], error) {
	sending, cancel, err := c.prepare(ctx, request, call, timeout)
	if err != nil {
		cancel()
		return source[M]{}, err
	}
	stream, err := method(sending, request)
	if err != nil {
		cancel()
		return source[M]{}, decode(ctx, err, nil, c.connection.address)
	}
	next := func() (*M, error) {
		message, err := stream.Recv()
		if err == nil || err == io.EOF {
			return message, err
		}
		return nil, decode(ctx, err, stream.Trailer(), c.connection.address)
	}
	return source[M]{next, cancel}, nil
}
