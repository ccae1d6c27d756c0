"""The serving certificate's files, values made of files, and a body that never ends."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path

import pytest
import trustme
from aiohttp.base_protocol import BaseProtocol
from aiohttp.streams import StreamReader
from aiohttp.test_utils import make_mocked_request

from sidecar.injector import webhook
from sidecar.injector.serving import Serving
from sidecar.injector.watching import Change, Watched


def issue(folder: Path) -> None:
    """Writes a pair."""
    issued = trustme.CA().issue_cert("localhost")
    (folder / "tls.crt").write_bytes(issued.cert_chain_pems[0].bytes())
    (folder / "tls.key").write_bytes(issued.private_key_pem.bytes())


def test_every_context_wants_tls_1_2_and_resumes_nothing(tmp_path: Path) -> None:
    issue(tmp_path)
    serving = Serving(tmp_path)
    assert serving.files.look() is Change.APPLIED
    newest = serving.files.value
    assert newest is not None
    for context in (newest, serving.listening()):
        assert context.minimum_version is ssl.TLSVersion.TLSv1_2
        assert context.options & ssl.OP_NO_TICKET
        assert context.num_tickets == 0
    assert serving.ends_at_s > 0


def test_files_are_loaded_once_for_each_change(tmp_path: Path) -> None:
    issue(tmp_path)
    files = Serving(tmp_path).files
    assert [files.look(), files.look()] == [Change.APPLIED, None]
    first = files.value
    issue(tmp_path)
    assert [files.look(), files.look()] == [Change.APPLIED, None]
    assert files.value is not first


def test_what_will_not_do_keeps_the_value_until_it_changes_once_more(tmp_path: Path) -> None:
    file = tmp_path / "number"
    watched = Watched((file,), lambda: int(file.read_text()), (ValueError, OSError))
    seen = []
    for text in ("1", "odd", "22", None, "333"):
        file.unlink(missing_ok=True)
        if text is not None:
            file.write_text(text)
        seen.append((watched.look(), watched.look(), watched.value, type(watched.problem)))
    assert seen == [
        (Change.APPLIED, None, 1, type(None)),
        (Change.REFUSED, None, 1, ValueError),
        (Change.APPLIED, None, 22, type(None)),
        (Change.REFUSED, None, 22, FileNotFoundError),
        (Change.APPLIED, None, 333, type(None)),
    ]


def test_the_same_file_reached_by_another_link_is_a_change(tmp_path: Path) -> None:
    for name in ("..1", "..2"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "number").write_text("7")
    (tmp_path / "..data").symlink_to("..1")
    file = tmp_path / "..data" / "number"
    watched = Watched((file,), lambda: int(file.read_text()), (ValueError,))
    watched.look()
    (tmp_path / "..data").unlink()
    (tmp_path / "..data").symlink_to("..2")
    assert watched.look() is Change.APPLIED


async def test_a_body_that_does_not_arrive_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhook, "BODY_LIMIT_S", 0.01)
    injector = webhook.Webhook(tmp_path / "template.yaml", tmp_path, "0.1.0")
    protocol = BaseProtocol(asyncio.get_running_loop())
    protocol.connection_made(asyncio.Transport())
    unfinished = StreamReader(protocol, limit=2**16)
    unfinished.feed_data(b"{")
    response = await injector.inject(make_mocked_request("POST", "/inject", payload=unfinished))
    assert response.status == 408
