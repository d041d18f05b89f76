import asyncio
import base64
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from diagnose.tui.clipboard import MAX_ENCODED, load_tmux_buffer, osc52_sequence
from tests.support.command_line import ROOT

OSC = "\x1b]52;c;" + base64.b64encode(b"nginx -s reload").decode() + "\x07"


def test_the_clipboard_is_asked_by_osc_52() -> None:
    assert osc52_sequence("nginx -s reload", {}) == OSC


def test_tmux_is_given_it_twice_once_for_the_terminal_outside() -> None:
    made = osc52_sequence("nginx -s reload", {"TMUX": "/tmp/tmux-0/default,1,0"})
    assert made is not None
    assert made.startswith(OSC)
    assert made.removeprefix(OSC) == "\x1bPtmux;" + OSC.replace("\x1b", "\x1b\x1b") + "\x1b\\"


def test_what_no_terminal_would_take_is_not_sent() -> None:
    assert osc52_sequence("x" * MAX_ENCODED, {}) is None


def test_chinese_is_sent_as_utf_8() -> None:
    made = osc52_sequence("证书", {})
    assert made is not None
    assert base64.b64decode(made[7:-1]).decode() == "证书"


def test_screen_forwards_it_without_doubling() -> None:
    assert osc52_sequence("nginx -s reload", {"TERM": "screen-256color"}) == f"\x1bP{OSC}\x1b\\"


def test_without_tmux_no_program_is_run(tmp_path: Path) -> None:
    asyncio.run(load_tmux_buffer("nginx -s reload", stub_tmux(tmp_path)))
    assert not (tmp_path / "copied").exists()


def test_a_tmux_that_fails_or_is_not_there_is_no_error(tmp_path: Path) -> None:
    inside = {"TMUX": "/tmp/tmux-0/default,1,0"}
    asyncio.run(load_tmux_buffer("证书", {**stub_tmux(tmp_path), **inside}))
    assert (tmp_path / "copied").read_text("utf-8") == "证书"
    asyncio.run(load_tmux_buffer("x", {"PATH": str(tmp_path / "empty"), **inside}))


def stub_tmux(folder: Path) -> dict[str, str]:
    """An environment in which `tmux` keeps what it is given, and fails."""
    script = folder / "tmux"
    script.write_text(
        f"#!/bin/sh\n[ \"$*\" = 'load-buffer -w -' ] && cat >{folder}/copied\nexit 1\n"
    )
    script.chmod(0o755)
    return {"PATH": f"{folder}:/usr/bin:/bin"}


@pytest.mark.skipif(not shutil.which("tmux"), reason="*** tmux is not installed here")
def test_tmux_with_its_default_settings_has_the_text(tmp_path: Path) -> None:
    """It takes OSC 52 from no program then (set-clipboard external, allow-passthrough off)."""
    code = (
        "import asyncio\nfrom diagnose.tui.clipboard import load_tmux_buffer\n"
        "asyncio.run(load_tmux_buffer('nginx -s reload'))\n"
    )
    (tmp_path / "copies.py").write_text(code)
    tmux = ["tmux", "-S", str(tmp_path / "socket"), "-f", "/dev/null"]
    inside = f"{sys.executable} {tmp_path}/copies.py; tmux wait-for -S copied; sleep 60"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    try:
        subprocess.run([*tmux, "new-session", "-d", inside], env=environment, check=True)
        subprocess.run([*tmux, "wait-for", "copied"], check=True, timeout=60)
        shown = subprocess.run([*tmux, "show-buffer"], capture_output=True, text=True, check=True)
        assert shown.stdout == "nginx -s reload"
    finally:
        subprocess.run([*tmux, "kill-server"], check=False)
