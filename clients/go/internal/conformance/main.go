// Command conformance plays one case of the clients' suite with this client: an order as JSON on standard input, what
// happened as lines of JSON.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"time"

	"google.golang.org/protobuf/proto"

	remora "github.com/remora-llm/remora/clients/go"
	"github.com/remora-llm/remora/clients/go/remorapb"
)

func main() {
	if err := play(); err != nil {
		fmt.Fprintln(os.Stderr, "conformance:", err)
		os.Exit(2)
	}
}

func play() error {
	told, err := readOrder(os.Stdin)
	if err != nil {
		return err
	}
	client, err := remora.New(told.options()...)
	if err != nil {
		return err
	}
	defer client.Close()
	var answer *remora.Message
	for _, call := range told.Calls {
		ctx, err := call.context()
		if err != nil {
			return err
		}
		one := &run{call: call, client: client, answer: answer}
		if err := plays[call.RPC](one, ctx); err != nil {
			return err
		}
		answer = one.answer
	}
	return nil
}

// run is one call. A play's error is a usage mistake; a failed call is printed.
type run struct {
	call
	client  *remora.Client
	answer  *remora.Message // of the call before, then of this one
	printed int
}

var plays = map[string]func(*run, context.Context) error{
	"chat":         (*run).chat,
	"complete":     (*run).complete,
	"embed":        (*run).embed,
	"list_models":  (*run).listModels,
	"health":       (*run).health,
	"watch_health": (*run).watchHealth,
}

func (r *run) chat(ctx context.Context) error {
	request := &remora.ChatRequest{}
	if err := proto.Unmarshal(r.Request, request); err != nil {
		return err
	}
	request.Messages = r.appended(request.Messages)
	stream := r.client.ChatWith(ctx, request, r.options()...)
	isWhole, err := r.readStream(stream)
	if err != nil {
		say("error", errorFields(err, stream.TextSoFar()))
		return nil
	}
	time.Sleep(r.LingerS.duration())
	if !isWhole {
		say("stopped", fields{"text": stream.TextSoFar()})
		return nil
	}
	answer, err := stream.Finish()
	if err != nil {
		say("error", errorFields(err, stream.TextSoFar()))
		return nil
	}
	r.answer = stream.Message()
	end := answerFields(answer)
	end["text"] = stream.TextSoFar()
	say("end", end)
	return nil
}

func (r *run) complete(ctx context.Context) error {
	request := &remora.CompleteRequest{}
	if err := proto.Unmarshal(r.Request, request); err != nil {
		return err
	}
	request.Messages = r.appended(request.Messages)
	answer, err := r.client.CompleteWith(ctx, request, r.options()...)
	if err == nil {
		r.answer = answer.Message
	}
	tell(answer, err, answerFields)
	return nil
}

func (r *run) embed(ctx context.Context) error {
	request := &remora.EmbedRequest{}
	if err := proto.Unmarshal(r.Request, request); err != nil {
		return err
	}
	embedded, err := r.client.EmbedWith(ctx, request, r.options()...)
	tell(embedded, err, embedFields)
	return nil
}

func (r *run) listModels(ctx context.Context) error {
	request := &remorapb.ListModelsRequest{}
	if err := proto.Unmarshal(r.Request, request); err != nil {
		return err
	}
	models, err := r.client.ListModels(ctx, request.GetProvider(), r.options()...)
	tell(models, err, modelsFields)
	return nil
}

func (r *run) health(ctx context.Context) error {
	snapshot, err := r.client.Health(ctx, r.options()...)
	tell(snapshot, err, healthFields)
	return nil
}

func (r *run) watchHealth(ctx context.Context) error {
	watching, cancel := context.WithCancel(ctx)
	defer cancel()
	for change, err := range r.client.WatchHealth(watching, r.options()...) {
		if err != nil {
			say("error", errorFields(err, ""))
			return nil
		}
		if r.printedLast("change", healthFields(change)) {
			if r.Stop == "cancel" {
				cancel()
			}
			time.Sleep(r.LingerS.duration())
			say("stopped", fields{"text": ""})
			return nil
		}
	}
	say("end", fields{})
	return nil
}

// readStream reads as it is told; false if it stopped before the end.
func (r *run) readStream(stream *remora.Stream) (bool, error) {
	switch r.Read {
	case "", "events":
		for event, err := range stream.Events() {
			if err != nil {
				return false, err
			}
			if r.isLast(stream, "event", eventFields(event)) {
				return false, nil
			}
		}
	case "text", "text_discards":
		var onDiscard []func(string)
		isStopped := false
		if r.Read == "text_discards" {
			onDiscard = append(onDiscard, func(text string) {
				isStopped = isStopped || r.isLast(stream, "discarded", text)
			})
		}
		for piece, err := range stream.Text(onDiscard...) {
			if isStopped {
				return false, nil
			}
			if err != nil {
				return false, err
			}
			if r.isLast(stream, "piece", piece) {
				return false, nil
			}
		}
	case "final":
		_, err := stream.FinalText()
		return err == nil, err
	}
	return true, nil
}

// isLast prints a line; true if the stream is to be left after it, closed where the order says so.
func (r *run) isLast(stream *remora.Stream, kind string, value any) bool {
	if !r.printedLast(kind, value) {
		return false
	}
	if r.Stop == "cancel" {
		stream.Close()
	}
	return true
}

func (r *run) printedLast(kind string, value any) bool {
	say(kind, value)
	r.printed++
	if r.printed == r.PauseAfter {
		time.Sleep(r.PauseS.duration())
	}
	return r.printed == r.StopAfter
}

// appended is the messages with the answer of the call before in front of the last. A tool result there for the call "@"
// is for the answer's first call.
func (r *run) appended(messages []*remora.Message) []*remora.Message {
	if !r.AppendAnswer || r.answer == nil || len(messages) == 0 {
		return messages
	}
	last := len(messages) - 1
	for _, part := range messages[last].Parts {
		if result := part.GetToolResult(); result != nil && result.ToolCallId == "@" {
			result.ToolCallId = firstCall(r.answer)
		}
	}
	return slices.Insert(messages, last, r.answer)
}

func firstCall(message *remora.Message) string {
	for _, part := range message.Parts {
		if call := part.GetToolCall(); call != nil {
			return call.Id
		}
	}
	return ""
}

// say prints one line.
func say(kind string, value any) {
	line, err := json.Marshal(fields{kind: value})
	if err == nil {
		_, err = os.Stdout.Write(append(line, '\n'))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "conformance:", err)
		os.Exit(2)
	}
}

// tell prints how a call ended.
func tell[A any](answer A, err error, of func(A) fields) {
	if err != nil {
		say("error", errorFields(err, ""))
		return
	}
	say("end", of(answer))
}
