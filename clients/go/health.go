package remora

import (
	"context"
	"io"
	"iter"

	"github.com/remora-llm/remora/clients/go/remorapb"
)

// Health gives a snapshot of every entry and profile.
func (c *Client) Health(ctx context.Context, options ...CallOption) (*HealthResponse, error) {
	call := newCallSettings(options)
	source, err := open(ctx, c, &remorapb.HealthRequest{}, call, c.settings.timeout, c.health.Health)
	if err != nil {
		return nil, err
	}
	defer source.cancel()
	var snapshot *HealthResponse
	for {
		message, err := source.next()
		switch {
		case err == io.EOF && snapshot == nil:
			return nil, &Error{Kind: Other, Message: "the sidecar sent no snapshot"}
		case err == io.EOF:
			return snapshot, nil
		case err != nil:
			return nil, err
		case snapshot == nil:
			snapshot = message
		}
	}
}

// WatchHealth gives a snapshot and then each change, until the loop is left or ctx ends. A later snapshot replaces
// everything told before. It has no time limit but ctx's, and [WithTimeout]'s if given. Each loop over it is a call.
func (c *Client) WatchHealth(ctx context.Context, options ...CallOption) iter.Seq2[*HealthResponse, error] {
	return func(yield func(*HealthResponse, error) bool) {
		call, request := newCallSettings(options), &remorapb.HealthRequest{Watch: true}
		source, err := open(ctx, c, request, call, NoTimeout, c.health.Health)
		if err != nil {
			yield(nil, err)
			return
		}
		defer source.cancel()
		for {
			change, err := source.next()
			if err == io.EOF || !yield(change, err) || err != nil {
				return
			}
		}
	}
}

// GetReport tells what happened to the calls of the last ten minutes with that request id: newest first, at most 10.
// An id that is not known is NotFound.
func (c *Client) GetReport(
	ctx context.Context, requestID string, options ...CallOption,
) ([]*FailoverReport, error) {
	request := &remorapb.GetReportRequest{RequestId: requestID}
	response, err := unary(ctx, c, request, newCallSettings(options), c.health.GetReport)
	return response.GetReports(), err
}

// Scope is what ResetHealth forgets: [EntryScope], [ProfileScope] or [EveryScope].
type Scope struct{ request *remorapb.ResetHealthRequest }

// EntryScope is one entry, as "provider/model-id".
func EntryScope(entry string) Scope {
	return Scope{&remorapb.ResetHealthRequest{Scope: &remorapb.ResetHealthRequest_Entry{Entry: entry}}}
}

// ProfileScope is one profile, as "provider/profile".
func ProfileScope(profile string) Scope {
	return Scope{&remorapb.ResetHealthRequest{Scope: &remorapb.ResetHealthRequest_Profile{Profile: profile}}}
}

// EveryScope is everything.
func EveryScope() Scope {
	return Scope{&remorapb.ResetHealthRequest{Scope: &remorapb.ResetHealthRequest_All{All: true}}}
}

// ResetHealth forgets breakers and cooldowns, and says whose. A scope that is not known is NotFound.
func (c *Client) ResetHealth(
	ctx context.Context, scope Scope, options ...CallOption,
) (*remorapb.ResetHealthResponse, error) {
	return unary(ctx, c, scope.request, newCallSettings(options), c.health.ResetHealth)
}
