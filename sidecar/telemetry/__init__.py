"""Spans, metrics and logs. The only place that knows how observations leave the process."""
