"""The screen in a real terminal (tmux), with a recording: what no driver in memory shows."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lab.hosts import until

EVIDENCE = Path(__file__).parents[2] / "docs/evidence/firewall-ssh.jsonl"


class Terminal:
    def __init__(self, folder: Path) -> None:
        self.tmux = ["tmux", "-S", str(folder / "tmux"), "-f", "/dev/null"]
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "LANG": "C.UTF-8",
            "TERM": "tmux-256color",
        }

    def run(self, *words: str) -> str:
        done = subprocess.run(
            [*self.tmux, *words], env=self.environment, capture_output=True, text=True, check=True
        )
        return done.stdout

    def sees(self, *words: str) -> None:
        """Wait until all these words stand on the screen."""
        until(
            lambda: all(word in self.run("capture-pane", "-p") for word in words),
            f"the screen shows {words}",
            timeout=60,
        )


@pytest.fixture(params=[(), ("--inline",)], ids=["full", "inline"])
def terminal(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Terminal]:
    if not shutil.which("tmux"):
        pytest.skip("tmux is not here")
    made = Terminal(tmp_path)
    command = [
        sys.executable,
        "-m",
        "diagnose",
        "replay",
        str(EVIDENCE),
        "--lang",
        "en",
        *request.param,
    ]
    made.run("new-session", "-d", "-x", "80", "-y", "24", *command)
    yield made
    made.run("kill-server")


@pytest.mark.parametrize(
    ("key", "effect"),
    [("j", "follows  tcp.rejected-by-host"), ("3", "[3 Timeline]"), ("/", "Filter the findings")],
)
def test_a_key_right_behind_escape_is_not_lost(terminal: Terminal, key: str, effect: str) -> None:
    terminal.sees("ROOT CAUSE", "FIX")
    terminal.run("send-keys", "?")
    terminal.sees("goes back")
    # Both come in one piece, as over a slow line.
    terminal.run("send-keys", "Escape", key)
    terminal.sees(effect)
