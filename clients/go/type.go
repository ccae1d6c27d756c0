package remora

import "github.com/remora-llm/remora/clients/go/remorapb"

// The contract's messages that callers meet, under their own names. Their fields are documented with remorapb.
type (
	ChatRequest        = remorapb.ChatRequest
	CompleteRequest    = remorapb.CompleteRequest
	EmbedRequest       = remorapb.EmbedRequest
	ChatResponse       = remorapb.ChatResponse
	EmbedResponse      = remorapb.EmbedResponse
	ListModelsResponse = remorapb.ListModelsResponse
	HealthResponse     = remorapb.HealthResponse

	Message        = remorapb.Message
	Part           = remorapb.Part
	Tool           = remorapb.Tool
	ToolChoice     = remorapb.ToolChoice
	ToolCall       = remorapb.ToolCallPart
	ResponseFormat = remorapb.ResponseFormat
	Reasoning      = remorapb.Reasoning
	Policy         = remorapb.Policy

	FailoverReport = remorapb.FailoverReport
	Attempt        = remorapb.Attempt
	Target         = remorapb.Target
	Usage          = remorapb.Usage
	Cost           = remorapb.Cost
)

// Ptr gives a pointer to the value, for fields that can be absent: Policy{MaxAttempts: remora.Ptr(int32(3))}.
func Ptr[T any](value T) *T { return &value }

// TargetName is "provider/model"; "" for no target.
func TargetName(target *Target) string {
	if target == nil {
		return ""
	}
	return target.GetProvider() + "/" + target.GetModel()
}
