package remora

// WithFallbackModels names references to try after the model, in order, before the configured fallbacks.
func WithFallbackModels(models ...string) ChatOption {
	return chatOption(func(r *ChatRequest) { r.FallbackModels = models })
}

// WithTools names the tools that the model may call.
func WithTools(tools ...*Tool) ChatOption {
	return chatOption(func(r *ChatRequest) { r.Tools = tools })
}

// WithToolChoice says which tools the model may or must call: [AutoTools], [NoTools], [AnyTool] or [NamedTool].
func WithToolChoice(choice *ToolChoice) ChatOption {
	return chatOption(func(r *ChatRequest) { r.ToolChoice = choice })
}

// WithParallelToolCalls says whether the model may call several tools at once.
func WithParallelToolCalls(may bool) ChatOption {
	return chatOption(func(r *ChatRequest) { r.ParallelToolCalls = &may })
}

// WithResponseFormat says what form the answer must have: [JSONObject] or [JSONSchema]. Default: free text.
func WithResponseFormat(format *ResponseFormat) ChatOption {
	return chatOption(func(r *ChatRequest) { r.ResponseFormat = format })
}

// WithMaxOutputTokens limits the output, from 1.
func WithMaxOutputTokens(tokens int32) ChatOption {
	return chatOption(func(r *ChatRequest) { r.MaxOutputTokens = &tokens })
}

// WithTemperature sets the sampling temperature, 0 to 2.
func WithTemperature(temperature float64) ChatOption {
	return chatOption(func(r *ChatRequest) { r.Temperature = &temperature })
}

// WithTopP sets nucleus sampling, over 0 to 1.
func WithTopP(p float64) ChatOption {
	return chatOption(func(r *ChatRequest) { r.TopP = &p })
}

// WithTopK samples from the k likeliest tokens only, from 1.
func WithTopK(k int32) ChatOption {
	return chatOption(func(r *ChatRequest) { r.TopK = &k })
}

// WithStop names texts that end the answer: at most 16, none empty.
func WithStop(texts ...string) ChatOption {
	return chatOption(func(r *ChatRequest) { r.Stop = texts })
}

// WithSeed sets the seed of the sampling, where the provider has one.
func WithSeed(seed int64) ChatOption {
	return chatOption(func(r *ChatRequest) { r.Seed = &seed })
}

// WithPresencePenalty sets the presence penalty, -2 to 2.
func WithPresencePenalty(penalty float64) ChatOption {
	return chatOption(func(r *ChatRequest) { r.PresencePenalty = &penalty })
}

// WithFrequencyPenalty sets the frequency penalty, -2 to 2.
func WithFrequencyPenalty(penalty float64) ChatOption {
	return chatOption(func(r *ChatRequest) { r.FrequencyPenalty = &penalty })
}

// WithReasoning says how hard the model thinks.
func WithReasoning(reasoning *Reasoning) ChatOption {
	return chatOption(func(r *ChatRequest) { r.Reasoning = reasoning })
}

// WithProviderOptions adds settings of one wire protocol, by its name ("openai"): a JSON object as text.
func WithProviderOptions(protocol, optionsJSON string) ChatOption {
	return chatOption(func(r *ChatRequest) {
		if r.ProviderOptions == nil {
			r.ProviderOptions = map[string]string{}
		}
		r.ProviderOptions[protocol] = optionsJSON
	})
}

// WithAffinityKey prefers the same profile for calls with the same key, so that prompt caches survive.
func WithAffinityKey(key string) ChatOption {
	return chatOption(func(r *ChatRequest) { r.AffinityKey = &key })
}

// WithAttempts tells of each attempt as it ends: [AttemptEnded] and [Failed] events.
func WithAttempts() ChatOption {
	return chatOption(func(r *ChatRequest) { r.IncludeAttempts = true })
}

// WithoutMessage leaves the turn out of the end. A stream's Message is then put together from its events.
func WithoutMessage() ChatOption {
	return chatOption(func(r *ChatRequest) { r.OmitMessage = true })
}
