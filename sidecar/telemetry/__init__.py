"""Logs now; spans and metrics later. The only place that knows how observations leave the process."""
