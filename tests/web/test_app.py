"""The process behind a page: what it is told, and that it is gone in the end."""

import asyncio
import inspect
import os
import socket
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from textual_serve.app_service import AppService
from textual_serve.download_manager import DownloadManager

from diagnose import tui
from diagnose.web import app
from diagnose.web.app import App, command, environment

_GREETS = 'import sys; print("__GANGLION__", flush=True)'


def _run(script: str) -> tuple[psutil.Process, bool]:
    """A process that was stopped as soon as it had begun, and whether the page was closed."""
    closed = False

    async def nowhere(_: bytes | str) -> None:
        pass

    async def close() -> None:
        nonlocal closed
        closed = True

    async def run() -> psutil.Process:
        made = App([sys.executable, "-c", script], write_bytes=nowhere, write_str=nowhere,
                   close=close, download_manager=DownloadManager())  # fmt: skip
        await made.start(80, 24)
        assert made._process is not None
        process = psutil.Process(made._process.pid)
        async with asyncio.timeout(60):
            await made.stop()
        return process

    return asyncio.run(run()), closed


def test_it_ends_when_the_pipe_does_and_the_page_with_it() -> None:
    process, closed = _run(f"{_GREETS}; sys.stdin.read()")
    assert not process.is_running()
    assert closed


def test_one_that_does_not_end_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    # Also the time in which one that was killed is waited for.
    monkeypatch.setattr(app, "STOP_TIMEOUT", 1.0)
    process, closed = _run(f"{_GREETS}; import signal\nwhile True: signal.pause()")
    assert not process.is_running()
    assert closed


def _packets(said: bytes) -> list[tuple[bytes, bytes]]:
    """What a process has written: kind and content, to the last byte."""
    greeting = b"__GANGLION__\n"
    assert said.startswith(greeting)
    packets, rest = [], said[len(greeting) :]
    while rest:
        size = int.from_bytes(rest[1:5], "big")
        assert len(rest) >= 5 + size, rest
        packets.append((rest[:1], rest[5 : 5 + size]))
        rest = rest[5 + size :]
    return packets


@pytest.mark.parametrize("left", [b"q", b"Q", b"Lq"], ids=["quit", "silently", "in-two-languages"])
def test_nothing_but_packets_is_written_to_the_pipe(left: bytes, tmp_path: Path) -> None:
    """No report after the screen, where the terminal has one."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        words = ["--outside", f"127.0.0.1:{held.getsockname()[1]}"]
        own = {"LANG": "C.UTF-8", "HOME": str(tmp_path), "XDG_STATE_HOME": str(tmp_path)}
        with subprocess.Popen(
            command(words), env=environment(100, 30, own), cwd=tmp_path,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        ) as process:  # fmt: skip
            assert process.stdin
            assert process.stdout
            said = b""
            while b"tcp.refused" not in said:
                said += os.read(process.stdout.fileno(), 65536)
            for key in left:
                process.stdin.write(AppService.encode_packet(b"D", bytes([key])))
            rest, complaints = process.communicate(timeout=60)
    assert process.returncode == 0
    assert complaints == b""
    packets = _packets(said + rest)
    assert {kind for kind, _ in packets} == {b"D", b"M"}
    assert b"error[tcp.refused]" not in b"".join(content for _, content in packets)


def test_its_variables_are_those_of_a_page() -> None:
    own = {"TMUX": "/tmp/tmux", "TERM": "linux", "LANG": "zh_CN.GBK", "TEXTUAL_FPS": "9"}
    made = environment(111, 30, own)
    assert made["LANG"] == "zh_CN.GBK"
    assert made["TERM"] == "xterm-256color"
    assert (made["COLUMNS"], made["ROWS"]) == ("111", "30")
    assert "TMUX" not in made
    assert tui.is_usable(made)
    assert tui.in_browser(made)
    assert not tui.in_browser(own)


def test_what_is_changed_of_textual_serve_is_there() -> None:
    """Names of its inner parts: another version may have others."""
    for name in ("_open_app_process", "run", "start", "stop", "on_data"):
        assert inspect.iscoroutinefunction(getattr(AppService, name)), name


def test_nothing_that_lies_in_the_working_directory_is_run() -> None:
    assert command(["--lang", "zh"]) == [sys.executable, "-P", "-m", "diagnose", "--lang", "zh"]
