"""The command `remora serve` as a process of its own: started, called, and ended by its pid whatever happens."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType

import grpc
import orjson
from grpc_health.v1 import health_pb2_grpc as standard_health_pb2_grpc

from sidecar.pb import chat_pb2_grpc, health_pb2_grpc

START_S = 20.0
END_S = 15.0
MAX_MESSAGE_BYTES = 64 * 1024 * 1024
CHANNEL = (("grpc.max_receive_message_length", MAX_MESSAGE_BYTES), ("grpc.max_send_message_length", MAX_MESSAGE_BYTES))
KEPT = ("PATH", "HOME", "LANG", "TMPDIR", "PYTHONPATH", "VIRTUAL_ENV")


def command(*arguments: str) -> list[str]:
    """The command line of `remora` with these arguments."""
    return [sys.executable, "-m", "sidecar.cli", *arguments]


def environment(**variables: str) -> dict[str, str]:
    """What a process needs of ours, and these; no provider's key leaks in."""
    return {name: os.environ[name] for name in KEPT if name in os.environ} | variables


def run(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """A command that ends by itself."""
    return subprocess.run(
        command(*arguments), env=environment(**variables), capture_output=True, text=True, timeout=START_S, check=False
    )


class StubbornError(Exception):
    """The process did not start, or did not end."""


class Sidecar:
    """A sidecar process in `folder`. Use as a context manager, or call `start` and `kill`."""

    def __init__(self, folder: Path, config: str | None = None, *arguments: str, **variables: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._ready = folder / "ready.json"
        self._stderr = folder / "stderr.log"
        self._arguments = list(arguments)
        if config is not None:
            (folder / "remora.yaml").write_text(config)
            self._arguments += ["--config", str(folder / "remora.yaml")]
        self._variables = variables
        self._process: subprocess.Popen[bytes] | None = None
        self._channels: list[grpc.Channel] = []
        self.addresses: list[str] = []
        self.probe = ""

    def __enter__(self) -> Sidecar:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()

    def start(self) -> Sidecar:
        """Returns when it serves. Raises StubbornError with what it said."""
        self._ready.unlink(missing_ok=True)
        line = command("serve", "--ready-file", str(self._ready), *self._arguments)
        with self._stderr.open("wb") as stderr:
            self._process = subprocess.Popen(line, env=environment(**self._variables), stderr=stderr)
        limit = time.monotonic() + START_S
        while not self._ready.exists():
            if self._process.poll() is not None or time.monotonic() > limit:
                self.kill()
                raise StubbornError(f"exit code {self._process.returncode}: {self.log}")
            time.sleep(0.01)  # another process's file: there is no event to await
        ready = orjson.loads(self._ready.read_bytes())
        self.addresses = ready["grpc"]
        self.probe = (ready["probe"] or [""])[0]
        return self

    @property
    def log(self) -> str:
        """What it has said on stderr so far."""
        return self._stderr.read_text()

    @property
    def lines(self) -> list[dict[str, str]]:
        """The log as JSON objects."""
        return [orjson.loads(line) for line in self.log.splitlines()]

    @property
    def process(self) -> subprocess.Popen[bytes]:
        assert self._process is not None
        return self._process

    @property
    def resident_bytes(self) -> int:
        """Its resident memory."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmRSS:"))

    def channel(self, credentials: grpc.ChannelCredentials | None = None, **options: int | str) -> grpc.Channel:
        """A channel of its own; options by their names with `__` for dots."""
        named = tuple((name.replace("__", "."), value) for name, value in options.items())
        # Channels with equal arguments share a connection otherwise.
        named = (*CHANNEL, ("grpc.use_local_subchannel_pool", 1), *named)
        address = self.addresses[0]
        if credentials is not None:
            channel = grpc.secure_channel(address, credentials, named)
        else:
            channel = grpc.insecure_channel(address, named)
        self._channels.append(channel)
        return channel

    @property
    def shared_channel(self) -> grpc.Channel:
        """One plain channel for whoever needs nothing special."""
        return self._channels[0] if self._channels else self.channel()

    @property
    def chat(self) -> chat_pb2_grpc.ChatServiceStub:
        return chat_pb2_grpc.ChatServiceStub(self.shared_channel)

    @property
    def health(self) -> health_pb2_grpc.HealthServiceStub:
        return health_pb2_grpc.HealthServiceStub(self.shared_channel)

    @property
    def standard(self) -> standard_health_pb2_grpc.HealthStub:
        return standard_health_pb2_grpc.HealthStub(self.shared_channel)

    def terminate(self) -> None:
        """Sends SIGTERM."""
        self.process.send_signal(signal.SIGTERM)

    def wait(self) -> int:
        """The exit code, once it has ended by itself. Raises StubbornError."""
        try:
            return self.process.wait(END_S)
        except subprocess.TimeoutExpired:
            raise StubbornError(f"still running: {self.log}") from None

    def kill(self) -> None:
        """Ends it, and every channel to it."""
        for channel in self._channels:
            channel.close()
        self._channels.clear()
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(END_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
