// Command chat is a small conversation in the terminal that shows failovers as they happen.
//
//	chat [MODEL]
//
// It reads one question a line from standard input. REMORA_ADDRESS and REMORA_TOKEN say where the sidecar is.
package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"

	remora "github.com/remora-llm/remora/clients/go"
)

func main() {
	model := ""
	if len(os.Args) > 1 {
		model = os.Args[1]
	}
	if err := talk(model); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func talk(model string) error {
	client, err := remora.New()
	if err != nil {
		return err
	}
	defer client.Close()
	var conversation remora.Conversation
	lines := bufio.NewScanner(os.Stdin)
	for fmt.Print("> "); lines.Scan(); fmt.Print("> ") {
		if lines.Text() == "" {
			continue
		}
		conversation = append(conversation, remora.User(lines.Text()))
		answer, err := ask(client, model, conversation)
		switch {
		case errors.Is(err, remora.SidecarUnreachable):
			return err
		case err != nil:
			fmt.Printf("\n[%v]\n", err)
			conversation = conversation[:len(conversation)-1]
		default:
			conversation = append(conversation, answer.Message)
		}
	}
	fmt.Println()
	return lines.Err()
}

// ask prints an answer as it comes. Ctrl-C ends the answer, not the program.
func ask(client *remora.Client, model string, conversation remora.Conversation) (*remora.Answer, error) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	stream := client.Chat(ctx, model, conversation, remora.WithAttempts())
	for event, err := range stream.Events() {
		if err != nil {
			return nil, err
		}
		show(event, stream.TextSoFar)
	}
	return stream.Finish()
}

func show(event remora.Event, textSoFar func() string) {
	switch e := event.(type) {
	case *remora.TextDelta:
		fmt.Print(e.Text)
	case *remora.AttemptEnded:
		if reason := remora.ReasonOf(e.Attempt.GetReason()); reason != "" {
			fmt.Printf("[%s failed: %s]\n", remora.TargetName(e.Attempt.GetTarget()), reason)
		}
	case *remora.Resumed:
		fmt.Printf("[%s goes on]", remora.TargetName(e.Target))
	case *remora.Restarted:
		fmt.Printf("\n[void; %s begins again]\n", remora.TargetName(e.Target))
	case *remora.PartDiscarded:
		fmt.Printf("\n[the end is void; what holds:]\n%s", textSoFar())
	case *remora.Completed:
		fmt.Printf("\n[%s, %d tokens]\n", remora.TargetName(e.Target), e.GetUsage().GetOutputTokens())
	}
}
