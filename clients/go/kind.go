package remora

// Kind is what a caller can do about an [*Error]. It is itself an error, so that errors.Is(err, remora.RateLimited)
// asks for it; kinds are flat: an error is of exactly one.
type Kind string

const (
	// SidecarUnreachable: no sidecar took the call. Start it, check REMORA_ADDRESS; nothing was sent.
	SidecarUnreachable Kind = "SIDECAR_UNREACHABLE"
	// InvalidRequest: change the request; Error.FieldErrors names the fields.
	InvalidRequest Kind = "INVALID_REQUEST"
	// ContextTooLong: shorten the conversation; Error.Metadata["limit"] in tokens, if known.
	ContextTooLong Kind = "CONTEXT_TOO_LONG"
	// ContentFiltered: a provider's safety system refused; change what is asked.
	ContentFiltered Kind = "CONTENT_FILTERED"
	// RequestTooLarge: the request is over 32 MiB; nothing was sent.
	RequestTooLarge Kind = "REQUEST_TOO_LARGE"
	// NotFound: no such model, request id or scope; Error.Metadata["closest"] has known names.
	NotFound Kind = "NOT_FOUND"
	// Unauthenticated: this caller's own token is missing or wrong.
	Unauthenticated Kind = "UNAUTHENTICATED"
	// CredentialsRejected: a provider refuses the sidecar's key; the operator's to mend.
	CredentialsRejected Kind = "CREDENTIALS_REJECTED"
	// ResourceExhausted: something is used up that is neither a rate nor money, such as a message's size.
	ResourceExhausted Kind = "RESOURCE_EXHAUSTED"
	// RateLimited: come back after Error.RetryAfter.
	RateLimited Kind = "RATE_LIMITED"
	// QuotaExhausted: money or quota is gone; waiting a little does not help.
	QuotaExhausted Kind = "QUOTA_EXHAUSTED"
	// Unavailable: temporary, every target failed or is parked; Error.RetryAfter if known.
	Unavailable Kind = "UNAVAILABLE"
	// StreamBroken: the answer broke off; what arrived is in Stream.TextSoFar.
	StreamBroken Kind = "STREAM_BROKEN"
	// SidecarLost: the connection to the sidecar broke; the call may have run.
	SidecarLost Kind = "SIDECAR_LOST"
	// DeadlineExceeded: the call's time ran out. errors.Is(err, context.DeadlineExceeded) holds too.
	DeadlineExceeded Kind = "DEADLINE_EXCEEDED"
	// Cancelled: the call was cancelled, or its stream closed. Where the caller did it,
	// errors.Is(err, context.Canceled) holds too.
	Cancelled Kind = "CANCELLED"
	// NotBuilt: this version of the sidecar does not do that; Error.Metadata["field"].
	NotBuilt Kind = "NOT_BUILT"
	// Internal: a bug in Remora; Error.Metadata["error_id"] is in its log.
	Internal Kind = "INTERNAL"
	// TextDiscarded: Stream.Text only; text already handed out became void.
	TextDiscarded Kind = "TEXT_DISCARDED"
	// Other: none of these; Error.Code says more.
	Other Kind = "OTHER"
)

// Error gives the kind's name.
func (k Kind) Error() string { return string(k) }
