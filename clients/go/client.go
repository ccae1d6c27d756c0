package remora

import (
	"context"

	"google.golang.org/grpc/health/grpc_health_v1"

	"github.com/remora-llm/remora/clients/go/remorapb"
)

// Client calls one sidecar. Goroutines may share it; make one and keep it.
type Client struct {
	settings   *settings
	connection *connection
	chat       remorapb.ChatServiceClient
	health     remorapb.HealthServiceClient
	serving    grpc_health_v1.HealthClient
}

// New makes a client. It does not connect: the first call does. An error says which setting cannot be.
func New(options ...Option) (*Client, error) {
	s, err := newSettings(options)
	if err != nil {
		return nil, err
	}
	connection, err := newConnection(s)
	if err != nil {
		return nil, err
	}
	return &Client{
		settings:   s,
		connection: connection,
		chat:       remorapb.NewChatServiceClient(connection.channel),
		health:     remorapb.NewHealthServiceClient(connection.channel),
		serving:    grpc_health_v1.NewHealthClient(connection.channel),
	}, nil
}

// Must gives the value, and panics where there is an error: for programs' first lines.
func Must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

// Close cancels what still runs and disconnects.
func (c *Client) Close() error {
	return c.connection.channel.Close()
}

// Address is where the sidecar is expected.
func (c *Client) Address() string { return c.connection.address }

// String names the client by its address.
func (c *Client) String() string { return "remora.Client(" + c.connection.address + ")" }

// GoString is String: %#v shows no more.
func (c *Client) GoString() string { return c.String() }

// Chat asks a model and gives the stream of its answer. The call is made when the stream is first read, and ends with
// ctx. model "": the sidecar's default model.
func (c *Client) Chat(ctx context.Context, model string, prompt Prompt, options ...ChatOption) *Stream {
	call := newChatCall(model, prompt, options)
	return c.stream(ctx, call.request, call.callSettings)
}

// ChatWith is [Client.Chat] with a request of the contract's own form. The request must not be changed until the answer
// has begun.
func (c *Client) ChatWith(ctx context.Context, request *ChatRequest, options ...CallOption) *Stream {
	return c.stream(ctx, request, newCallSettings(options))
}

func (c *Client) stream(ctx context.Context, request *ChatRequest, call callSettings) *Stream {
	return newStream(ctx, func(ctx context.Context) (source[ChatResponse], error) {
		return open(ctx, c, request, call, c.settings.timeout, c.chat.Chat)
	})
}

// Complete asks a model and gives its whole answer; a break on the way is recovered without a trace.
func (c *Client) Complete(ctx context.Context, model string, prompt Prompt, options ...ChatOption) (*Answer, error) {
	call := newChatCall(model, prompt, options)
	return c.complete(ctx, completeRequest(call.request), call.callSettings)
}

// CompleteWith is [Client.Complete] with a request of the contract's own form.
func (c *Client) CompleteWith(
	ctx context.Context, request *CompleteRequest, options ...CallOption,
) (*Answer, error) {
	return c.complete(ctx, request, newCallSettings(options))
}

func (c *Client) complete(ctx context.Context, request *CompleteRequest, call callSettings) (*Answer, error) {
	response, err := unary(ctx, c, request, call, c.chat.Complete)
	if err != nil {
		return nil, err
	}
	return &Answer{response}, nil
}

// Embed gives one vector for each text, in order. model "": the sidecar's default model.
func (c *Client) Embed(
	ctx context.Context, model string, inputs []string, options ...EmbedOption,
) (*EmbedResponse, error) {
	call := newEmbedCall(model, inputs, options)
	return unary(ctx, c, call.request, call.callSettings, c.chat.Embed)
}

// EmbedWith is [Client.Embed] with a request of the contract's own form.
func (c *Client) EmbedWith(
	ctx context.Context, request *EmbedRequest, options ...CallOption,
) (*EmbedResponse, error) {
	return unary(ctx, c, request, newCallSettings(options), c.chat.Embed)
}

// ListModels tells what can be asked for, and whether it is available now. provider "": of all providers.
func (c *Client) ListModels(
	ctx context.Context, provider string, options ...CallOption,
) (*ListModelsResponse, error) {
	request := &remorapb.ListModelsRequest{}
	if provider != "" {
		request.Provider = &provider
	}
	return unary(ctx, c, request, newCallSettings(options), c.chat.ListModels)
}

// IsServing is whether the sidecar takes calls: it listens, and does not drain. It needs no token, and sends none.
func (c *Client) IsServing(ctx context.Context, options ...CallOption) (bool, error) {
	call := newCallSettings(options)
	call.anonymous = true
	answer, err := unary(ctx, c, &grpc_health_v1.HealthCheckRequest{}, call, c.serving.Check)
	return answer.GetStatus() == grpc_health_v1.HealthCheckResponse_SERVING, err
}
