"""Texts with calls in them: what each is read as, or why it is no answer; and answers of such texts, decoded."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import count

from sidecar.core.content import Tool
from sidecar.core.events import Delta, Finish, Finished, Kind, PartCompleted, Upstream
from sidecar.providers import openai_answer
from sidecar.providers.codec import Decoder
from sidecar.providers.prompted_answer import PromptedDecoder

from .chunks import chunk, sse

TOOLS = (Tool("look"), Tool("get_time"))
LOOK = '<tool_call>\n{"name": "look", "arguments": {"at":  "Köln", "n": 1.10}}\n</tool_call>'
LOOKED = '{"at":  "Köln", "n": 1.10}'
TIME = '<tool_call>{"name":"get_time"}</tool_call>'


def numbers() -> Callable[[], str]:
    counted = count(1)
    return lambda: f"{next(counted):024x}"


def wrapped(inner: Decoder, tools: Iterable[Tool] = TOOLS) -> PromptedDecoder:
    return PromptedDecoder(inner, tools, "vendor", numbers())


def decoded(body: bytes, *, step: int | None = None, tools: Iterable[Tool] = TOOLS) -> list[Upstream]:
    decoder = wrapped(openai_answer.StreamDecoder("vendor"), tools)
    step = step or len(body) or 1
    out = [event for i in range(0, len(body), step) for event in decoder.feed(body[i : i + step])]
    return joined(out + decoder.end())


def said(*pieces: str, finish: str = "stop", tools: Iterable[Tool] = TOOLS) -> list[Upstream]:
    """The events of a streamed answer of these pieces of text, each in a network read of its own."""
    decoder = wrapped(openai_answer.StreamDecoder("vendor"), tools)
    out: list[Upstream] = []
    for piece in pieces:
        out += decoder.feed(sse(chunk({"content": piece}), end=b""))
    return joined(out + decoder.feed(sse(chunk({}, finish))) + decoder.end())


def joined(events: Iterable[Upstream]) -> list[Upstream]:
    """Pieces of one part that follow each other as one: how they are cut is the wire's chance."""
    out: list[Upstream] = []
    for event in events:
        last = out[-1] if out else None
        both = last.joined(event) if isinstance(last, Delta) and isinstance(event, Delta) else None
        if both is None:
            out.append(event)
        else:
            out[-1] = both
    return out


def content(events: list[Upstream]) -> list[str | tuple[str, str]]:
    """Texts, and calls as name and arguments, by part in their order; that each part is whole is checked here."""
    deltas = [event for event in events if isinstance(event, Delta)]
    assert [delta.part_index for delta in deltas] == list(range(len(deltas)))
    whole = [event.part_index for event in events if isinstance(event, PartCompleted)]
    assert sorted(whole) == list(range(len(deltas)))
    return [(d.name, d.text) if d.kind is Kind.TOOL_CALL else d.text for d in deltas]


def finish_of(events: list[Upstream]) -> Finish:
    (finished,) = [event for event in events if isinstance(event, Finished)]
    return finished.finish


GOOD = {
    "plain text": ("Nothing to call.", ["Nothing to call."]),
    "white space stays where there is no call": (" \n a\n\n", [" \n a\n\n"]),
    "only white space": ("\n \t\n", ["\n \t\n"]),
    "white space before a call": ("a \n \n" + LOOK, ["a", ("look", LOOKED)]),
    "a call alone": (LOOK, [("look", LOOKED)]),
    "several calls": (f"\n{LOOK}\n{TIME}\n\n{LOOK}\n", [("look", LOOKED), ("get_time", "{}"), ("look", LOOKED)]),
    "calls with text between": (f"a {TIME} b {TIME} c", ["a", ("get_time", "{}"), "b", ("get_time", "{}"), "c"]),
    "a tag that breaks off": (
        "if a <tool_ b, <tool_call, </tool_call> <",
        ["if a <tool_ b, <tool_call, </tool_call> <"],
    ),
    "a tag that begins twice": (f"<tool_<tool_call{TIME}", ["<tool_<tool_call", ("get_time", "{}")]),
    "tags and braces in strings": (
        '<tool_call>{"name":"look","arguments":{"a":"}</tool_call>\\\\\\"{<tool_call>","b":{"c":[{}]}}}</tool_call>.',
        [("look", '{"a":"}</tool_call>\\\\\\"{<tool_call>","b":{"c":[{}]}}'), "."],
    ),
    "arguments as a string": (
        '<tool_call>{"arguments": "{\\"at\\": 1}", "name": "look", "id": 7}</tool_call>',
        [("look", '{"at": 1}')],
    ),
    "parameters for arguments": ('<tool_call>{"name":"look","parameters":{"a":1}}</tool_call>', [("look", '{"a":1}')]),
    "no arguments": ('<tool_call>{"name":"look","arguments":null}</tool_call>', [("look", "{}")]),
    "an empty string of arguments": ('<tool_call>{"name":"look","arguments":""}</tool_call>', [("look", "{}")]),
    "huge numbers": (
        '<tool_call>{"name":"look","arguments":{"n":' + "9" * 5000 + ',"e":1e999}}</tool_call>',
        [("look", '{"n":' + "9" * 5000 + ',"e":1e999}')],
    ),
    "a fence around the call": (f"So:\n```json\n{TIME}\n```\nNow.", ["So:", ("get_time", "{}"), "Now."]),
    "a fence around two calls": (f"```\n{TIME}\n{LOOK}\n```\n", [("get_time", "{}"), ("look", LOOKED)]),
    "a fence inside the call": (
        '<tool_call>\n```json\n{"name": "look", "arguments": {}}\n```\n</tool_call>',
        [("look", "{}")],
    ),
    "fences that are the text's own": (
        f"```py\nx = `1`\n```\n{TIME}\n```sh\nls\n```",
        ["```py\nx = `1`\n```", ("get_time", "{}"), "```sh\nls\n```"],
    ),
    "ticks of all lengths": (f"` `` ``` ```` ````` `````` {TIME}", ["` `` ``` ```` ````` ``````", ("get_time", "{}")]),
    "a call without its end": (f"a{LOOK.removesuffix('</tool_call>')}", ["a", ("look", LOOKED)]),
    "a call whose end breaks off": (LOOK.removesuffix("call>"), [("look", LOOKED)]),
    "a fenced call without its end": (f"```\n{TIME.removesuffix('</tool_call>')}\n```", [("get_time", "{}")]),
    "another fence than the call's": (
        f"```\n{TIME}\nb\n{TIME}\n`c`",
        [("get_time", "{}"), "b", ("get_time", "{}"), "`c`"],
    ),
    "ticks behind a fenced call": (f"```\n{TIME}``", [("get_time", "{}"), "``"]),
    "seven ticks": ("```a```````" + TIME, ["```a```````", ("get_time", "{}")]),
    "a tag in a sentence": (
        f"The tag <tool_call> opens, </tool_call> closes.\n{TIME}",
        ["The tag <tool_call> opens, </tool_call> closes.", ("get_time", "{}")],
    ),
    "a tag at the end of a sentence": ("It begins with <tool_call>", ["It begins with <tool_call>"]),
    "a tag and white space at the end": ("So: <tool_call> \n", ["So: <tool_call> \n"]),
    "a tag in ticks": ("`<tool_call>` and `</tool_call>`", ["`<tool_call>` and `</tool_call>`"]),
    "a form of calls in ticks": (
        'As `<tool_call>{"name": "<name>", "arguments": …}</tool_call>` says.',
        ['As `<tool_call>{"name": "<name>", "arguments": …}</tool_call>` says.'],
    ),
    "a call of no tool in quotation marks": (
        f'It wrote “<tool_call>{{"name":"x"}}</tool_call>”.\n\n{TIME}',
        ['It wrote “<tool_call>{"name":"x"}</tool_call>”.', ("get_time", "{}")],
    ),
    "a quoted call without its end": ('Not "<tool_call>{" here', ['Not "<tool_call>{" here']),
    "a quoted call of no tool without its end": (
        '`<tool_call>{"name":"x"}</tool_',
        ['`<tool_call>{"name":"x"}</tool_'],
    ),
    "a quoted call that is good": (f"`{TIME}`", ["`", ("get_time", "{}"), "`"]),
    "a tag in a code block": (
        "```xml\n<tool_call>\n…\n</tool_call>\n```\n",
        ["```xml\n<tool_call>\n…\n</tool_call>\n```\n"],
    ),
    "a form of calls in a code block": (
        f"```\nuser: Hi\n <tool_call>{{…}}</tool_call>\n```\n{TIME}",
        ["```\nuser: Hi\n <tool_call>{…}</tool_call>\n```", ("get_time", "{}")],
    ),
    "an unfinished call in a code block": ('```\nx\n<tool_call>{"na\n```', ['```\nx\n<tool_call>{"na\n```']),
    "a fenced object behind a tag in a line": (
        'Now: <tool_call>\n```json\n{"name":"look"}\n```\n</tool_call>',
        ["Now:", ("look", "{}")],
    ),
}
BAD = {
    "no JSON": ("<tool_call>{'name': 'look'}</tool_call>", "no JSON object"),
    "no object": ('<tool_call>["look"]</tool_call>', "no JSON object"),
    "two objects": ('<tool_call>{"name":"look"}{"name":"look"}</tool_call>', "no JSON object"),
    "nothing": ("<tool_call> </tool_call>", "no JSON object"),
    "not a number": ('<tool_call>{"name":"look","arguments":{"a":NaN}}</tool_call>', "no JSON object"),
    "too deep": (
        '<tool_call>{"name":"look","arguments":' + '{"a":' * 9000 + "1" + "}" * 9001 + "</tool_call>",
        "no JSON object",
    ),
    "an unknown tool": ('<tool_call>{"name":"remove"}</tool_call>', "not offered"),
    "no name": ('<tool_call>{"arguments":{}}</tool_call>', "without a name"),
    "a number for a name": ('<tool_call>{"name":' + "1" * 5000 + "}</tool_call>", "without a name"),
    "arguments that are a list": ('<tool_call>{"name":"look","arguments":[1]}</tool_call>', "no JSON object"),
    "arguments that are text": ('<tool_call>{"name":"look","arguments":"Bonn"}</tool_call>', "no JSON object"),
    "half a character": (
        '<tool_call>{"name":"look","arguments":"{\\"a\\":\\"\\ud800\\"}"}</tool_call>',
        "no JSON object",
    ),
    "no end": ('a <tool_call>{"name":"look","arguments":{"a":"</tool_call>', "no end"),
    "a tag that begins a line and is not closed": ("So.\n  <tool_call> look", "no end"),
    "a tag that begins the text": ("<tool_call> is a tag.", "no end"),
    "no JSON behind a call": (f"{TIME} <tool_call>look</tool_call>", "no JSON object"),
    "an unknown tool in a line": ('I look. <tool_call>{"name":"x"}</tool_call>', "not offered"),
    "an unknown tool in a fence": ('```json\n<tool_call>{"name":"x"}</tool_call>\n```', "not offered"),
    "a call behind a quoted one without its end": (f"A `<tool_call>{{` is…\n{TIME}", "no JSON object"),
    "words behind a call without its end": (TIME.removesuffix("</tool_call>") + " So.", "no end"),
}
