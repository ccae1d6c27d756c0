package remora

import "github.com/remora-llm/remora/clients/go/remorapb"

// NewTool is a tool that the model may call. name: [a-zA-Z0-9_-]{1,64}. parametersJSON: the JSON schema of its arguments,
// an object, as text; "": no arguments.
func NewTool(name, description, parametersJSON string) *Tool {
	tool := &Tool{Name: name, Description: description}
	if parametersJSON != "" {
		tool.ParametersJson = &parametersJSON
	}
	return tool
}

// AutoTools is a tool choice: the model decides. It is the default where there are tools.
func AutoTools() *ToolChoice { return &ToolChoice{Mode: remorapb.ToolChoice_MODE_AUTO} }

// NoTools is a tool choice: no calls.
func NoTools() *ToolChoice { return &ToolChoice{Mode: remorapb.ToolChoice_MODE_NONE} }

// AnyTool is a tool choice: at least one call.
func AnyTool() *ToolChoice { return &ToolChoice{Mode: remorapb.ToolChoice_MODE_REQUIRED} }

// NamedTool is a tool choice: a call of this tool.
func NamedTool(name string) *ToolChoice {
	return &ToolChoice{Mode: remorapb.ToolChoice_MODE_NAMED, Name: &name}
}

// JSONObject is a response format: any JSON object.
func JSONObject() *ResponseFormat {
	return &ResponseFormat{Kind: remorapb.ResponseFormat_KIND_JSON}
}

// JSONSchema is a response format: JSON that follows the schema, itself JSON as text.
func JSONSchema(schemaJSON string) *ResponseFormat {
	return &ResponseFormat{Kind: remorapb.ResponseFormat_KIND_JSON_SCHEMA, SchemaJson: &schemaJSON}
}
