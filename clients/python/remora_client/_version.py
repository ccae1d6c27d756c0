"""The client's version: what `pyproject.toml` says, and what the user agent carries."""

__version__ = "0.1.0"
