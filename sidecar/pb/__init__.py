"""Generated from proto/remora/v1: do not edit, run `make gen`."""
