package remora

import (
	"crypto/tls"
	"errors"
	"math"
	"os"
	"time"

	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
)

const (
	// DefaultTimeout is how long a call may take where neither the call, its context nor the client says otherwise.
	DefaultTimeout = 300 * time.Second
	// DefaultConnectTimeout is how long a call waits for a sidecar that is not up.
	DefaultConnectTimeout = 5 * time.Second
	// NoTimeout, given to WithTimeout, is no limit.
	NoTimeout = time.Duration(math.MaxInt64)
)

// Option is a setting of a [Client].
type Option interface{ applyClient(*settings) }

// secret is a text that no way of printing shows: it is inside a function.
type secret func() string

// settings is how a client reaches its sidecar.
type settings struct {
	address        string
	token          secret // nil: none
	timeout        time.Duration
	connectTimeout time.Duration
	credentials    credentials.TransportCredentials
}

type clientOption func(*settings)

func (o clientOption) applyClient(s *settings) { o(s) }

// WithAddress says where the sidecar is: "host:port", "[::1]:port" or "unix:///path". Without it, or empty:
// REMORA_ADDRESS, else [DefaultAddress].
func WithAddress(address string) Option {
	return clientOption(func(s *settings) {
		if address != "" {
			s.address = address
		}
	})
}

// WithToken gives the caller's own token, sent with each call. Without it, or empty: REMORA_TOKEN, else none is sent.
func WithToken(token string) Option {
	return clientOption(func(s *settings) {
		if token != "" {
			s.token = func() string { return token }
		}
	})
}

// WithConnectTimeout says how long a call waits for a sidecar that is not up, over 0. Default: [DefaultConnectTimeout].
func WithConnectTimeout(timeout time.Duration) Option {
	return clientOption(func(s *settings) { s.connectTimeout = timeout })
}

// WithTLS encrypts the connection, for a sidecar that is not on this host. Default: plain text.
func WithTLS(config *tls.Config) Option {
	return WithTransportCredentials(credentials.NewTLS(config))
}

// WithTransportCredentials is [WithTLS] for any credentials of gRPC.
func WithTransportCredentials(given credentials.TransportCredentials) Option {
	return clientOption(func(s *settings) { s.credentials = given })
}

// newSettings takes what is not given from the environment, and checks everything.
func newSettings(options []Option) (*settings, error) {
	s := &settings{
		address:        DefaultAddress,
		timeout:        DefaultTimeout,
		connectTimeout: DefaultConnectTimeout,
		credentials:    insecure.NewCredentials(),
	}
	WithAddress(os.Getenv("REMORA_ADDRESS")).applyClient(s)
	WithToken(os.Getenv("REMORA_TOKEN")).applyClient(s)
	for _, option := range options {
		option.applyClient(s)
	}
	return s, s.check()
}

func (s *settings) check() error {
	switch {
	case s.timeout <= 0:
		return errors.New("remora: the timeout must be over 0; NoTimeout is no limit")
	case s.connectTimeout <= 0:
		return errors.New("remora: the connect timeout must be over 0")
	case s.credentials == nil:
		return errors.New("remora: the transport credentials are nil")
	case s.token != nil && !isPrintable(s.token()):
		return errors.New("remora: the token has characters that cannot be sent, such as a line break")
	}
	return nil
}

// isPrintable is whether a text can be a value of gRPC metadata: printable ASCII.
func isPrintable(text string) bool {
	for i := range len(text) {
		if text[i] < ' ' || text[i] > '~' {
			return false
		}
	}
	return true
}
