package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"go.opentelemetry.io/otel/trace"

	remora "github.com/remora-llm/remora/clients/go"
)

// order is what one process is told to play.
type order struct {
	Client struct {
		Address         string   `json:"address"`
		Token           string   `json:"token"`
		TimeoutS        *seconds `json:"timeout_s"`
		ConnectTimeoutS *seconds `json:"connect_timeout_s"`
	} `json:"client"`
	Calls []call `json:"calls"`
}

// call is one call of an order.
type call struct {
	RPC          string   `json:"rpc"`
	Request      []byte   `json:"request"` // JSON's base64
	AppendAnswer bool     `json:"append_answer"`
	TimeoutS     *seconds `json:"timeout_s"`
	Traceparent  string   `json:"traceparent"`
	OTel         *span    `json:"otel"`
	Read         string   `json:"read"`
	StopAfter    int      `json:"stop_after"`
	Stop         string   `json:"stop"`
	LingerS      seconds  `json:"linger_s"`
	PauseAfter   int      `json:"pause_after"`
	PauseS       seconds  `json:"pause_s"`
}

type span struct {
	TraceID string `json:"trace_id"`
	SpanID  string `json:"span_id"`
}

// seconds is a duration as JSON has it.
type seconds float64

func (s seconds) duration() time.Duration { return time.Duration(float64(s) * float64(time.Second)) }

func readOrder(from io.Reader) (order, error) {
	var read order
	text, err := io.ReadAll(from)
	if err == nil {
		err = json.Unmarshal(text, &read)
	}
	for _, call := range read.Calls {
		if _, isKnown := plays[call.RPC]; !isKnown && err == nil {
			err = fmt.Errorf("there is no rpc %q", call.RPC)
		}
	}
	return read, err
}

func (o order) options() []remora.Option {
	options := []remora.Option{remora.WithAddress(o.Client.Address), remora.WithToken(o.Client.Token)}
	if o.Client.TimeoutS != nil {
		options = append(options, remora.WithTimeout(o.Client.TimeoutS.duration()))
	}
	if o.Client.ConnectTimeoutS != nil {
		options = append(options, remora.WithConnectTimeout(o.Client.ConnectTimeoutS.duration()))
	}
	return options
}

func (c call) options() []remora.CallOption {
	var options []remora.CallOption
	if c.TimeoutS != nil {
		options = append(options, remora.WithTimeout(c.TimeoutS.duration()))
	}
	if c.Traceparent != "" {
		options = append(options, remora.WithTraceparent(c.Traceparent))
	}
	return options
}

// context is one with the active span of the order.
func (c call) context() (context.Context, error) {
	if c.OTel == nil {
		return context.Background(), nil
	}
	traceID, err := trace.TraceIDFromHex(c.OTel.TraceID)
	if err != nil {
		return nil, err
	}
	spanID, err := trace.SpanIDFromHex(c.OTel.SpanID)
	if err != nil {
		return nil, err
	}
	config := trace.SpanContextConfig{TraceID: traceID, SpanID: spanID, TraceFlags: trace.FlagsSampled}
	return trace.ContextWithSpanContext(context.Background(), trace.NewSpanContext(config)), nil
}
