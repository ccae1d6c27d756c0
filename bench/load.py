"""The caller's side: the same calls to the floor and to Remora, and what they cost the server process."""

from __future__ import annotations

import asyncio
import os
import pathlib
from dataclasses import dataclass

import grpc
from remora_client._pb import chat_pb2, chat_pb2_grpc, content_pb2

CONCURRENT_PACED = 100
TICKS_PER_S = os.sysconf("SC_CLK_TCK")
QUESTION = [content_pb2.Message(role=content_pb2.ROLE_USER, parts=[content_pb2.Part(text="Why is the sky blue?")])]


def cpu_s(pid: int) -> float:
    """CPU seconds a process has used, user and system."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_S


def resident_mb(pid: int) -> float:
    """Resident memory in MB (10^6 bytes)."""
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024 / 1e6
    raise AssertionError("no VmRSS")


@dataclass(frozen=True, slots=True)
class Subject:
    """A server under load."""

    pid: int
    address: str


async def unary(stub: chat_pb2_grpc.ChatServiceStub, count: int) -> None:
    """`count` unary calls, one after the other."""
    for _ in range(count):
        response = await stub.Complete(chat_pb2.CompleteRequest(model="one", messages=QUESTION))
        assert response.message.parts[0].text


async def streams(stub: chat_pb2_grpc.ChatServiceStub, model: str) -> None:
    """One stream, read to its end."""
    is_whole = False
    async for event in stub.Chat(chat_pb2.ChatRequest(model=model, messages=QUESTION)):
        is_whole = event.WhichOneof("event") == "completed"
    assert is_whole


async def cost_ms(subject: Subject, kind: str, count: int) -> float:
    """CPU milliseconds a call of a kind: unary, burst or paced."""
    async with grpc.aio.insecure_channel(subject.address) as channel:
        stub = chat_pb2_grpc.ChatServiceStub(channel)
        before = cpu_s(subject.pid)
        if kind == "unary":
            await unary(stub, count)
        elif kind == "burst":
            for _ in range(count):
                await streams(stub, "burst")
        else:
            for _ in range(count // CONCURRENT_PACED):
                await asyncio.gather(*(streams(stub, "paced") for _ in range(CONCURRENT_PACED)))
        return (cpu_s(subject.pid) - before) * 1000 / count
