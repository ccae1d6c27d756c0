"""`remora simulate`: runs a simulator until a signal ends it."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

import orjson

from .script import Script, default_script
from .script_reader import ScriptError, parse_script
from .server import Simulator


async def run(port: int = 0, script_path: str | None = None, ready_file: str | None = None) -> int:
    """Serve on 127.0.0.1 until SIGTERM or SIGINT; return the exit code.

    Port 0 picks a free one. The ready file is written when the simulator serves: `{"http": [address], "listeners":
    {name: address}}`. A script with problems, or a port that is taken, is one line on stderr and 1.
    """
    try:
        simulator = Simulator(_script(script_path), port=port)
        _remove(ready_file)
        await simulator.start()
    except ScriptError as error:
        return _fail(f"{script_path}: {error}")
    except OSError as error:
        return _fail(error.strerror if error.filename is None and error.strerror else str(error))
    try:
        if ready_file is not None:
            _write_ready_file(Path(ready_file), simulator)
        print(f"The simulator listens on {simulator.base_url}", flush=True)
        await _signal()
    except OSError as error:
        return _fail(str(error))
    finally:
        await simulator.stop()
    return 0


def _remove(ready_file: str | None) -> None:
    if ready_file is not None:
        Path(ready_file).unlink(missing_ok=True)


def _script(path: str | None) -> Script:
    if path is None:
        return default_script()
    try:
        return parse_script(Path(path).read_text(encoding="utf-8"))
    except UnicodeDecodeError:
        raise ScriptError(["not UTF-8"]) from None


def _write_ready_file(path: Path, simulator: Simulator) -> None:
    ready = {"http": [simulator.address_of("http")], "listeners": simulator.addresses()}
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    unfinished.write_bytes(orjson.dumps(ready))
    unfinished.replace(path)


async def _signal() -> None:
    loop = asyncio.get_running_loop()
    came = asyncio.Event()
    signals = (signal.SIGTERM, signal.SIGINT)
    for number in signals:
        loop.add_signal_handler(number, came.set)
    try:
        await came.wait()
    finally:
        for number in signals:
            loop.remove_signal_handler(number)


def _fail(sentence: str) -> int:
    print(f"remora simulate: {sentence}", file=sys.stderr)
    return 1
