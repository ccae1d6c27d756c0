// Package remora is the Go client of Remora, the sidecar that keeps calls to language models answered.
//
//	client, err := remora.New()
//	…
//	for piece, err := range client.Chat(ctx, "smart", remora.Text("Why is the sky blue?")).Text() {
//
// Make one [Client] and share it between goroutines. Whatever abandons a stream (leaving its loop, [Stream.Close], the
// end of the context) cancels the call, and the sidecar hangs up on the provider. Every failure of a call is an
// [*Error]; errors.Is(err, remora.RateLimited) asks for its [Kind].
//
// The client never repeats a call, never logs, and puts into errors neither what the caller wrote nor what a model
// answered.
package remora

// Version is the version of this client; it is part of the user agent.
const Version = "0.1.0"
