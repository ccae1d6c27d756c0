package remora

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"google.golang.org/grpc/codes"
)

// Error is any failure of a call. Everything but Kind and Message may be absent: nil, or empty.
//
// Message never carries what the caller wrote or a model answered. errors.Is knows an Error's Kind, and the context's
// error where the context ended the call, with the cause that context.WithCancelCause was given.
type Error struct {
	// Kind is what to do.
	Kind Kind
	// Reason is why, of the contract's closed list; a value of a later version is its name. Empty: not told.
	Reason Reason
	// Code is the gRPC status; codes.OK: the call was never sent, or the client itself found the fault.
	Code codes.Code
	// Message is the same in one line for a person.
	Message string
	// RetryAfter is how long until a target is callable again, 0 or more; nil: not known.
	RetryAfter *time.Duration
	// FieldErrors are the wrong fields of the request.
	FieldErrors []FieldError
	// Metadata is what the reason adds, as remora/v1/error_reason.proto documents it.
	Metadata map[string]string
	// Report is what was tried, within a few KiB; GetReport has it whole for ten minutes.
	Report *FailoverReport
	// RequestID is the caller's, or the one the sidecar made up.
	RequestID string
	// TraceID is 32 hexadecimal digits.
	TraceID string

	cause error
}

// FieldError is one thing wrong with the request.
type FieldError struct {
	// Field is the path, such as "messages[1].parts[0]".
	Field string
	// Description is what is wrong with it.
	Description string
}

// Error gives kind, reason, message, request id and wrong fields in one line.
func (e *Error) Error() string {
	var line strings.Builder
	line.WriteString("remora: " + string(e.Kind))
	if e.Reason != "" && string(e.Reason) != string(e.Kind) {
		line.WriteString(" (" + string(e.Reason) + ")")
	}
	line.WriteString(": " + e.Message)
	for _, wrong := range e.FieldErrors {
		// The sidecar's message begins with the first of them.
		if told := wrong.Field + ": " + wrong.Description; !strings.HasPrefix(e.Message, told) {
			line.WriteString("; " + told)
		}
	}
	if e.RequestID != "" {
		line.WriteString(" (request " + e.RequestID + ")")
	}
	return line.String()
}

// Is compares kinds: errors.Is(err, remora.RateLimited).
func (e *Error) Is(target error) bool {
	kind, isKind := target.(Kind)
	return isKind && kind == e.Kind
}

// Unwrap gives the context's error where the caller's cancel, or the end of the time, ended the call; it wraps the cause
// that the context was given, if any.
func (e *Error) Unwrap() error {
	if e.cause == nil && e.Kind == DeadlineExceeded {
		return context.DeadlineExceeded
	}
	return e.cause
}

// endOf is why a context that has ended did so: its error, and the cause it was given.
func endOf(ctx context.Context) error {
	err, cause := ctx.Err(), context.Cause(ctx)
	if cause == nil || errors.Is(err, cause) {
		return err
	}
	return fmt.Errorf("%w: %w", err, cause)
}

// closedError is the error of reading on from a stream that was closed, or left, before its end.
func closedError() *Error {
	return &Error{
		Kind:    Cancelled,
		Reason:  ReasonCancelled,
		Message: "the stream was closed before its end",
		cause:   context.Canceled,
	}
}
