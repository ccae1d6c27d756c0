"""What one chat request gets: reads it, asks the playbook, and answers, errs or breaks accordingly."""

from __future__ import annotations

from dataclasses import dataclass

import orjson
from aiohttp import web

from . import pacing
from .action import Action
from .answer import Stamp, make_answer
from .exchange import Exchange
from .journal import Entry, fields_of
from .limit import check_limits
from .pacing import Pace
from .plan import plan_stream, plan_whole, spoiled
from .script import Asked, Decision, Playbook
from .wire import Answer, BadRequestError, ChatCall, Page, Standing, Wire

_HTML = Page(
    200,
    b"<!DOCTYPE html><html><head><title>Sign in</title></head><body><h1>Please sign in</h1></body></html>",
    {"Content-Type": "text/html; charset=utf-8"},
)
_NOT_JSON = Page(200, b"upstream connect error or disconnect/reset before headers", {"Content-Type": "text/plain"})
# Statuses that HTTP forbids a body.
_BODILESS = (204, 304)
_NO_BODY = Page(200, b"", {"Content-Type": "application/json"})


@dataclass(frozen=True, slots=True)
class Chat:
    """One request of a wire format, under a running script."""

    exchange: Exchange
    wire: Wire
    playbook: Playbook

    async def respond(self, body: bytes, elapsed_s: float) -> tuple[web.StreamResponse, Action]:
        """Respond to the request; return the response and the action. `elapsed_s`: seconds since the script began."""
        entry = self.exchange.entry
        try:
            self.wire.check_headers(self.exchange.request.headers)
            call = self.wire.read(body, self.exchange.request.headers)
        except BadRequestError as bad:
            return await self._refuse(bad, self._headers(elapsed_s)), Action()
        self._note_call(call)
        decision = self.playbook.decide(_asked(call, entry), elapsed_s)
        entry.rule, entry.applied = decision.rule, decision.applied
        action = decision.action
        await pacing.wait(action.delay_s)
        await self._break_before_headers(action)
        headers = {**self._headers(elapsed_s), **(action.headers or {})}
        page = self._page(call, decision)
        if page is not None:
            return await self.exchange.send_page(page, headers), action
        try:
            check_limits(self.wire, call, action)
        except BadRequestError as bad:
            return await self._refuse(bad, headers), action
        answer = self._make_answer(call, action)
        if self.playbook.script.journal_bodies:
            entry.answer = "".join(answer.text)
        return await self._answer(call, answer, action, headers), action

    async def _refuse(self, bad: BadRequestError, headers: dict[str, str]) -> web.StreamResponse:
        return await self.exchange.send_page(self.wire.refusal(bad, request_id_of(self.exchange.entry)), headers)

    def _make_answer(self, call: ChatCall, action: Action) -> Answer:
        entry = self.exchange.entry
        cache = self.playbook.cache.use(entry.key, call)
        stamp = Stamp(entry.seq, entry.received_time)
        return make_answer(call, action, self.playbook.script.words, stamp, cache)

    async def _answer(
        self, call: ChatCall, answer: Answer, action: Action, headers: dict[str, str]
    ) -> web.StreamResponse:
        pace, wire = self.playbook.pace_of(action), self.wire
        if call.stream:
            await self.exchange.start(200, {"Content-Type": wire.stream_type, "Cache-Control": "no-cache", **headers})
            if action.headers_then_silence:
                await pacing.wait_for_hang_up()
            steps = plan_stream(wire, answer, wire.frames(call, answer), action)
            await self.exchange.play(steps, pace, action.pings_s, wire.ping())
            return await self.exchange.finish()
        tokens = _tokens(answer)
        body = spoiled(wire, wire.whole(call, answer), action)
        if not action.headers_then_silence:
            await pacing.wait(pace.due_s(max(0, tokens - 1)))
        await self.exchange.start(200, {"Content-Type": "application/json", **headers}, len(body))
        if action.headers_then_silence:
            await pacing.wait_for_hang_up()
        await self.exchange.play(plan_whole(body, tokens, action), Pace(burst=True), None, b"")
        return await self.exchange.finish()

    async def _break_before_headers(self, action: Action) -> None:
        if action.reset or action.close:
            await self.exchange.break_off("reset" if action.reset else "closed", by_reset=action.reset)
        if action.silence:
            await pacing.wait_for_hang_up()

    def _page(self, call: ChatCall, decision: Decision) -> Page | None:
        action = decision.action
        for is_wanted, page in ((action.html, _HTML), (action.not_json, _NOT_JSON), (action.no_body, _NO_BODY)):
            if is_wanted:
                return page
        if action.status is None and action.error is None:
            return None
        page = self.wire.error(action.status or 0, action.error, call.model, request_id_of(self.exchange.entry))
        if action.body is not None:
            page = _page_of(page.status, action.body)
        if page.status in _BODILESS:
            page = Page(page.status, b"", {})
        if action.retry_after is not None:
            page = Page(page.status, page.body, {**page.headers, "Retry-After": action.retry_after})
        return page

    def _note_call(self, call: ChatCall) -> None:
        entry = self.exchange.entry
        entry.model, entry.stream, entry.messages = call.model, call.stream, len(call.turns)
        entry.fields = fields_of(call.fields)
        if self.playbook.script.journal_bodies:
            entry.body = call.fields

    def _headers(self, elapsed_s: float) -> dict[str, str]:
        entry = self.exchange.entry
        quota = self.playbook.quota_of(entry.key, elapsed_s)
        if quota is None:
            return self.wire.headers(Standing(request_id=request_id_of(entry)))
        reset_time = entry.received_time + quota.reset_s
        standing = Standing(request_id=request_id_of(entry), rpm=quota.rpm, left=quota.left, reset_time=reset_time)
        return self.wire.headers(standing)


def request_id_of(entry: Entry) -> str:
    """Return the id that a response gives to the request of `entry`."""
    return f"req_{entry.seq:032x}"


def _asked(call: ChatCall, entry: Entry) -> Asked:
    prompts = [turn.text for turn in call.turns if turn.role == "user"]
    return Asked(
        model=call.model,
        key=entry.key,
        stream=call.stream,
        listener=entry.listener,
        prompt=prompts[-1] if prompts else "",
    )


def _page_of(status: int, body: str | dict[str, object]) -> Page:
    if not isinstance(body, str):
        return Page(status, orjson.dumps(body), {"Content-Type": "application/json"})
    start = body.lstrip()[:1]
    kind = "application/json" if start in ("{", "[") and start else "text/html" if start == "<" else "text/plain"
    return Page(status, body.encode(), {"Content-Type": kind})


def _tokens(answer: Answer) -> int:
    called = sum(1 + len(call.arguments) for call in answer.calls)
    return len(answer.reasoning) + len(answer.text) + len(answer.refusal) + called
