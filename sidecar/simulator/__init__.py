"""The provider simulator: a scripted LLM provider over real HTTP, with faults and a journal. It stands alone."""

from .command import run
from .embed import embedding_of
from .journal import Entry
from .script import Script, default_script, fingerprint
from .script_reader import ScriptError, parse_script
from .server import Simulator
from .text import answer_text, reasoning_text

__all__ = [
    "Entry",
    "Script",
    "ScriptError",
    "Simulator",
    "answer_text",
    "default_script",
    "embedding_of",
    "fingerprint",
    "parse_script",
    "reasoning_text",
    "run",
]
