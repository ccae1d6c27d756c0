"""The pure core: values and rules only. No asyncio, no I/O, no clock, no randomness, no logging, no protobuf."""
