"""The HTTP edge: probes and metrics."""
