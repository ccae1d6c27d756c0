"""The command: ready file, signals, and errors in one line."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
import subprocess
import sys

import aiohttp
import pytest

MAIN = """
import asyncio, sys
from sidecar.simulator import run
port, script, ready = sys.argv[1:]
raise SystemExit(asyncio.run(run(int(port), script or None, ready or None)))
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_it_tells_where_it_listens_and_ends_cleanly_on_a_signal(tmp_path, number):
    script, ready = tmp_path / "script.yaml", tmp_path / "ready.json"
    script.write_text("listeners: {dead: refused}")
    ready.write_text("left over")
    process = _started(0, script, ready)
    line = await asyncio.to_thread(process.stdout.readline)
    told = json.loads(ready.read_text())
    address = told["http"][0]
    assert line == f"The simulator listens on http://{address}/v1\n"
    assert list(told["listeners"]) == ["dead"]
    async with aiohttp.ClientSession() as session, session.get(f"http://{address}/__health") as response:
        assert (await response.json())["status"] == "ok"
    process.send_signal(number)
    _, errors = await asyncio.to_thread(process.communicate)
    assert (process.returncode, errors) == (0, "")


async def test_a_port_in_use_is_one_line_and_exit_1():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        process = _started(port)
        _, errors = await asyncio.to_thread(process.communicate)
    assert process.returncode == 1
    assert errors == f"remora simulate: cannot listen on 127.0.0.1:{port}: Address already in use\n"


async def test_a_script_with_problems_is_one_line_and_exit_1(tmp_path):
    script = tmp_path / "script.yaml"
    script.write_text("rules: [{action: {cut_at: x}}]\nmodels: 1")
    missing = tmp_path / "missing.yaml"
    bad, absent = _started(0, script), _started(0, missing)
    _, errors = await asyncio.to_thread(bad.communicate)
    assert bad.returncode == 1
    assert errors.startswith(
        f"remora simulate: {script}: models: must be a list of model names; rules[0].action.cut_at"
    )
    assert errors.count("\n") == 1
    _, errors = await asyncio.to_thread(absent.communicate)
    assert absent.returncode == 1
    assert str(missing) in errors
    assert errors.count("\n") == 1


def _started(port: int, script: object = "", ready: object = "") -> subprocess.Popen[str]:
    arguments = [sys.executable, "-c", MAIN, str(port), str(script), str(ready)]
    return subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
