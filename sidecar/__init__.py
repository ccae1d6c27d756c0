"""Remora: the sidecar that keeps every service's LLM calls answered."""

__version__ = "0.1.0"
