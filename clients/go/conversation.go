package remora

import (
	"net/http"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/remora-llm/remora/clients/go/remorapb"
)

// Prompt is what a model is asked: [Text] or [Conversation].
type Prompt interface{ messages() []*Message }

// Text is a prompt of one turn of the user.
type Text string

func (t Text) messages() []*Message { return []*Message{User(string(t))} }

// Conversation is the turns so far, oldest first, at least one.
type Conversation []*Message

func (c Conversation) messages() []*Message { return c }

// System is instructions of the application.
func System(text string) *Message {
	return turn(remorapb.Role_ROLE_SYSTEM, text, nil)
}

// User is a turn of the user: the text (none if it is empty), and behind it what [Image], [ImageURL], [Document],
// [DocumentURL], [Audio] and [TextPart] give.
func User(text string, parts ...*Part) *Message {
	return turn(remorapb.Role_ROLE_USER, text, parts)
}

// Assistant is a turn of the model, written by hand. Answers are appended as they are: answer.Message.
func Assistant(text string, parts ...*Part) *Message {
	return turn(remorapb.Role_ROLE_ASSISTANT, text, parts)
}

// ToolResult is the result of the tool call with that id, as text, often JSON. images: what [Image] and [ImageURL] give.
func ToolResult(callID, result string, images ...*Part) *Message {
	return toolTurn(callID, result, false, images)
}

// ToolFailure is the result of a tool call that failed; the text says how.
func ToolFailure(callID, text string) *Message {
	return toolTurn(callID, text, true, nil)
}

// TextPart is text among the parts of a turn.
func TextPart(text string) *Part {
	return &Part{Content: &remorapb.Part_Text{Text: text}}
}

// ToolCallPart is a call that the model made, for [Assistant]. argumentsJSON: a JSON object as text.
func ToolCallPart(id, name, argumentsJSON string) *Part {
	call := &ToolCall{Id: id, Name: name, ArgumentsJson: argumentsJSON}
	return &Part{Content: &remorapb.Part_ToolCall{ToolCall: call}}
}

// Image is an encoded picture of at most 20 MiB. mediaType "": found out from the bytes of PNG, JPEG, GIF and WebP.
func Image(data []byte, mediaType string) *Part {
	if mediaType == "" {
		mediaType = http.DetectContentType(data)
	}
	image := &remorapb.ImagePart{Source: &remorapb.ImagePart_Data{Data: data}, MediaType: &mediaType}
	return &Part{Content: &remorapb.Part_Image{Image: image}}
}

// ImageURL is a picture that the provider fetches, by its https: URL, or one in a data: URL.
func ImageURL(uri string) *Part {
	image := &remorapb.ImagePart{Source: &remorapb.ImagePart_Uri{Uri: uri}}
	return &Part{Content: &remorapb.Part_Image{Image: image}}
}

// Document is a document of at most 30 MiB, such as "application/pdf". filename "": "file".
func Document(data []byte, mediaType, filename string) *Part {
	file := &remorapb.FilePart{Source: &remorapb.FilePart_Data{Data: data}, MediaType: &mediaType}
	if filename != "" {
		file.Filename = &filename
	}
	return &Part{Content: &remorapb.Part_File{File: file}}
}

// DocumentURL is a document that the provider fetches.
func DocumentURL(uri string) *Part {
	file := &remorapb.FilePart{Source: &remorapb.FilePart_Uri{Uri: uri}}
	return &Part{Content: &remorapb.Part_File{File: file}}
}

// Audio is an encoded sound of at most 25 MiB. mediaType: "audio/wav" or "audio/mpeg".
func Audio(data []byte, mediaType string) *Part {
	return &Part{Content: &remorapb.Part_Audio{Audio: &remorapb.AudioPart{Data: data, MediaType: mediaType}}}
}

// Cached is a copy of the part that asks the provider to cache the conversation up to it. ttl 0: the provider's default.
func Cached(part *Part, ttl time.Duration) *Part {
	cached := proto.Clone(part).(*Part)
	cached.CacheHint = &remorapb.CacheHint{}
	if ttl > 0 {
		cached.CacheHint.TtlDuration = durationpb.New(ttl)
	}
	return cached
}

func turn(role remorapb.Role, text string, parts []*Part) *Message {
	message := &Message{Role: role}
	if text != "" || len(parts) == 0 {
		message.Parts = append(message.Parts, TextPart(text))
	}
	message.Parts = append(message.Parts, parts...)
	return message
}

func toolTurn(callID, text string, isError bool, images []*Part) *Message {
	result := &remorapb.ToolResultPart{ToolCallId: callID, Text: text, IsError: isError}
	for _, part := range images {
		result.Images = append(result.Images, part.GetImage())
	}
	part := &Part{Content: &remorapb.Part_ToolResult{ToolResult: result}}
	return &Message{Role: remorapb.Role_ROLE_TOOL, Parts: []*Part{part}}
}
