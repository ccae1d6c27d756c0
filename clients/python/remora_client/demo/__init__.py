"""The demo: stories of calls that survive dying providers, told as they happen and judged from the providers' side."""

from .performance import run

__all__ = ["run"]
