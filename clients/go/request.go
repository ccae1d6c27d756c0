package remora

import (
	"maps"

	"github.com/remora-llm/remora/clients/go/remorapb"
)

// ChatOption is a setting of [Client.Chat] and [Client.Complete]. Units, bounds and defaults are those of
// remora.v1.ChatRequest.
type ChatOption interface{ applyChat(*chatCall) }

// EmbedOption is a setting of [Client.Embed].
type EmbedOption interface{ applyEmbed(*embedCall) }

// RequestOption is a setting of both.
type RequestOption interface {
	ChatOption
	EmbedOption
}

type chatCall struct {
	callSettings
	request *ChatRequest
}

type embedCall struct {
	callSettings
	request *EmbedRequest
}

type chatOption func(*ChatRequest)

func (o chatOption) applyChat(c *chatCall) { o(c.request) }

type embedOption func(*EmbedRequest)

func (o embedOption) applyEmbed(c *embedCall) { o(c.request) }

type requestOption struct {
	chatOption
	embedOption
}

func newChatCall(model string, prompt Prompt, options []ChatOption) *chatCall {
	call := &chatCall{request: &ChatRequest{Model: model}}
	if prompt != nil {
		call.request.Messages = prompt.messages()
	}
	for _, option := range options {
		option.applyChat(call)
	}
	return call
}

func newEmbedCall(model string, inputs []string, options []EmbedOption) *embedCall {
	call := &embedCall{request: &EmbedRequest{Model: model, Inputs: inputs}}
	for _, option := range options {
		option.applyEmbed(call)
	}
	return call
}

// WithPolicy sets the switches of the call.
func WithPolicy(policy *Policy) RequestOption {
	return requestOption{
		func(r *ChatRequest) { r.Policy = policy },
		func(r *EmbedRequest) { r.Policy = policy },
	}
}

// WithRequestID labels the call, at most 128 printable ASCII characters; two calls with one label are two calls.
func WithRequestID(id string) RequestOption {
	return requestOption{
		func(r *ChatRequest) { r.RequestId = &id },
		func(r *EmbedRequest) { r.RequestId = &id },
	}
}

// WithEndUserID passes on the application's id of its end user.
func WithEndUserID(id string) RequestOption {
	return requestOption{
		func(r *ChatRequest) { r.EndUserId = &id },
		func(r *EmbedRequest) { r.EndUserId = &id },
	}
}

// WithMetadata sets tags for spans and spend: at most 16, keys and values at most 128 characters.
func WithMetadata(tags map[string]string) RequestOption {
	return requestOption{
		func(r *ChatRequest) { r.Metadata = maps.Clone(tags) },
		func(r *EmbedRequest) { r.Metadata = maps.Clone(tags) },
	}
}

// WithDimensions sets the length of the vectors, from 1.
func WithDimensions(dimensions int32) EmbedOption {
	return embedOption(func(r *EmbedRequest) { r.Dimensions = &dimensions })
}

// WithTask says what the embeddings are for.
func WithTask(task remorapb.EmbedTask) EmbedOption {
	return embedOption(func(r *EmbedRequest) { r.Task = task })
}

// completeRequest is the same question for Complete: the fields are the same.
func completeRequest(r *ChatRequest) *CompleteRequest {
	return &CompleteRequest{
		Model:             r.Model,
		FallbackModels:    r.FallbackModels,
		Messages:          r.Messages,
		Tools:             r.Tools,
		ToolChoice:        r.ToolChoice,
		ParallelToolCalls: r.ParallelToolCalls,
		ResponseFormat:    r.ResponseFormat,
		MaxOutputTokens:   r.MaxOutputTokens,
		Temperature:       r.Temperature,
		TopP:              r.TopP,
		TopK:              r.TopK,
		Stop:              r.Stop,
		Seed:              r.Seed,
		PresencePenalty:   r.PresencePenalty,
		FrequencyPenalty:  r.FrequencyPenalty,
		Reasoning:         r.Reasoning,
		ProviderOptions:   r.ProviderOptions,
		Policy:            r.Policy,
		AffinityKey:       r.AffinityKey,
		RequestId:         r.RequestId,
		EndUserId:         r.EndUserId,
		Metadata:          r.Metadata,
		IncludeAttempts:   r.IncludeAttempts,
		OmitMessage:       r.OmitMessage,
	}
}
