package remora

import (
	"context"
	"errors"
	"fmt"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/protobuf/proto"
)

// MaxMessageBytes is the size of the largest message, both ways: 32 MiB.
const MaxMessageBytes = 32 << 20

// minConnectTime is how long one attempt to connect may take at least; a sidecar is near.
const minConnectTime = 2 * time.Second

// connection is the channel to one sidecar. It connects when it is first waited for.
type connection struct {
	address string
	channel *grpc.ClientConn
}

func newConnection(s *settings) (*connection, error) {
	where, err := parseAddress(s.address)
	if err != nil {
		return nil, err
	}
	channel, err := grpc.NewClient(where.target(),
		grpc.WithTransportCredentials(s.credentials),
		grpc.WithContextDialer(where.dial),
		grpc.WithUserAgent("remora-client-go/"+Version),
		// The sidecar is the one owner of retries: no service config may make gRPC repeat a call.
		grpc.WithDisableRetry(),
		// A sidecar is local: neither a proxy from the environment nor a service config from DNS has a say.
		grpc.WithNoProxy(),
		grpc.WithDisableServiceConfig(),
		// A sidecar that is just starting is found within a tenth of a second, not after gRPC's first backoff of a second.
		grpc.WithConnectParams(grpc.ConnectParams{
			Backoff: backoff.Config{
				BaseDelay:  100 * time.Millisecond,
				Multiplier: 1.6,
				Jitter:     0.2,
				MaxDelay:   500 * time.Millisecond,
			},
			MinConnectTimeout: minConnectTime,
		}),
		grpc.WithDefaultCallOptions(
			grpc.MaxCallSendMsgSize(MaxMessageBytes),
			grpc.MaxCallRecvMsgSize(MaxMessageBytes),
		),
	)
	if err != nil {
		return nil, fmt.Errorf("remora: the address %q cannot be used: %w", s.address, err)
	}
	return &connection{address: s.address, channel: channel}, nil
}

// wait returns nil once the channel is connected, connecting it if need be. It waits limit at the most, and not beyond
// the end of ctx: then SidecarUnreachable. It sleeps until the channel's state changes.
func (c *connection) wait(ctx context.Context, limit time.Duration) error {
	if ctx.Err() != nil {
		return neverSent(ctx)
	}
	state := c.channel.GetState()
	if state == connectivity.Ready {
		return nil
	}
	began := time.Now()
	waiting, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	for state != connectivity.Ready {
		if state == connectivity.Shutdown {
			return &Error{Kind: Cancelled, Message: "the client is closed"}
		}
		c.channel.Connect()
		if !c.channel.WaitForStateChange(waiting, state) {
			if errors.Is(ctx.Err(), context.Canceled) {
				return neverSent(ctx)
			}
			return c.unreachable(time.Since(began), ctx.Err())
		}
		state = c.channel.GetState()
	}
	return nil
}

func (c *connection) unreachable(waited time.Duration, cause error) error {
	message := fmt.Sprintf(
		"no sidecar answers at %s (waited %.3g s): is `remora serve` running, and is REMORA_ADDRESS right?",
		c.address, waited.Seconds(),
	)
	return &Error{Kind: SidecarUnreachable, Message: message, cause: cause}
}

// neverSent is the error of a call whose context had ended before anything was sent.
func neverSent(ctx context.Context) error {
	cause := endOf(ctx)
	if ctx.Err() == context.Canceled {
		return &Error{Kind: Cancelled, Message: "the caller cancelled the call before it was sent", cause: cause}
	}
	return &Error{Kind: DeadlineExceeded, Message: "the call's time was over before it was sent", cause: cause}
}

// checkSize refuses a request that gRPC could not send.
func checkSize(request proto.Message) error {
	size := proto.Size(request)
	if size <= MaxMessageBytes {
		return nil
	}
	message := fmt.Sprintf(
		"the request has %d bytes, %d over the limit of %d (32 MiB): give large images and documents as URLs",
		size, size-MaxMessageBytes, MaxMessageBytes,
	)
	return &Error{Kind: RequestTooLarge, Message: message}
}
