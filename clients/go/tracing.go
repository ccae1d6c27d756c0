package remora

import (
	"context"

	"go.opentelemetry.io/otel/propagation"
	"google.golang.org/grpc/metadata"
)

// addTrace adds where in a trace the call is made: the given traceparent, else the active OpenTelemetry span of ctx with
// its tracestate (https://www.w3.org/TR/trace-context/), else nothing. Only OpenTelemetry's API is used.
func addTrace(ctx context.Context, sent metadata.MD, traceparent string) {
	if traceparent != "" {
		sent.Set("traceparent", traceparent)
		return
	}
	carrier := propagation.MapCarrier{}
	propagation.TraceContext{}.Inject(ctx, carrier)
	for key, value := range carrier {
		sent.Set(key, value)
	}
}
