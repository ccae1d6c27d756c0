"""Spans, metrics, logs and their export."""
