"""The gRPC edge: servicers, conversion between messages and core values, statuses, and the listening server."""
