"""The whole program on a real terminal (a pseudo-terminal), without a network: a recording, read
and left, and the demonstration."""

import fcntl
import os
import re
import select
import struct
import subprocess
import sys
import termios
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
RECORDING = str(ROOT / "screenshots" / "evidence" / "port-closed.ndjson")
CAUSE = "firewall.port-closed"


class Terminal:
    """Somebody before it who reads everything that was ever written to it."""

    def __init__(self, state: Path, *words: str, hup: str = "default", **variables: str) -> None:
        self.written = ""
        self.end, terminal = os.openpty()
        fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("4H", 24, 80, 0, 0))
        own = {"TERM": "xterm-256color", "LANG": "C.UTF-8", "XDG_STATE_HOME": str(state),
               "HOME": str(state), "PATH": os.environ["PATH"]}  # fmt: skip
        # setsid(1): it is the program's own terminal, whose end it is told of.
        self.process = subprocess.Popen(
            ["env", f"--{hup}-signal=HUP", "setsid", "--ctty", sys.executable, "-m", "diagnose",
             *words],
            stdin=terminal, stdout=terminal, stderr=terminal, cwd=ROOT, env=own | variables,
        )  # fmt: skip
        os.close(terminal)

    def sees(self, words: str) -> None:
        while words not in self.plain():
            assert self._read(), f"it ended without {words!r}:\n{self.plain()}"

    def press(self, keys: str) -> None:
        os.write(self.end, keys.encode())

    def ends(self) -> int:
        """Wait for the end; the exit status."""
        while self._read():
            pass
        return self.process.wait(30)

    def plain(self) -> str:
        """What was written, without what moves the cursor and colours."""
        return re.sub(r"\x1b\[[0-9;?<>=]*[A-Za-z]", "", self.written)

    def _read(self) -> bool:
        ready, _, _ = select.select([self.end], [], [], 30)
        assert ready, f"nothing was written any more:\n{self.plain()}"
        try:
            data = os.read(self.end, 65536)
        except OSError:  # EIO: it has ended
            return False
        self.written += data.decode("utf-8", "replace")
        return bool(data)

    def close(self) -> None:
        """As somebody closes a window."""
        if self.end >= 0:
            os.close(self.end)
            self.end = -1
        try:
            self.process.wait(30)
        finally:
            self.process.kill()
            self.process.wait()


@pytest.fixture
def terminals(tmp_path: Path) -> Iterator[list[Terminal]]:
    made: list[Terminal] = []
    yield made
    for one in made:
        one.close()


def start(terminals: list[Terminal], tmp_path: Path, *words: str, **variables: str) -> Terminal:
    terminals.append(Terminal(tmp_path, *words, **variables))
    return terminals[-1]


def after_the_screen(terminal: Terminal) -> str:
    """What stands on the terminal when the screen has gone."""
    return terminal.written.rpartition("\x1b[?1049l")[2]


def test_a_recording_is_read_and_leaves_the_plain_report(
    terminals: list[Terminal], tmp_path: Path
) -> None:
    terminal = start(terminals, tmp_path, "replay", "--lang", "en", RECORDING)
    terminal.sees("ROOT CAUSE")
    terminal.press("q")
    assert terminal.ends() == 2
    report = after_the_screen(terminal)
    assert f"error[{CAUSE}]" in report
    assert "firewall-cmd --reload" in report
    assert "\x1b[?1000h" in terminal.written


def test_inline_what_stands_on_the_terminal_stays(
    terminals: list[Terminal], tmp_path: Path
) -> None:
    """It neither takes the other screen of the terminal (xterm's 1049) nor clears this one."""
    terminal = start(terminals, tmp_path, "replay", "--lang", "en", "--inline", RECORDING)
    terminal.sees("ROOT CAUSE")
    terminal.press("q")
    assert terminal.ends() == 2
    assert "\x1b[?1049h" not in terminal.written
    assert "\x1b[2J" not in terminal.written
    assert f"error[{CAUSE}]" in terminal.plain().rpartition("ROOT CAUSE")[2]


def test_whoever_quits_silently_finds_the_terminal_as_it_was(
    terminals: list[Terminal], tmp_path: Path
) -> None:
    terminal = start(terminals, tmp_path, "replay", RECORDING)
    terminal.sees("ROOT CAUSE")
    terminal.press("Q")
    terminal.ends()
    assert CAUSE not in after_the_screen(terminal)


def test_a_signal_ends_it_and_leaves_the_terminal_as_it_was(
    terminals: list[Terminal], tmp_path: Path
) -> None:
    terminal = start(terminals, tmp_path, "replay", "--lang", "en", RECORDING)
    terminal.sees("ROOT CAUSE")
    terminal.process.terminate()
    assert terminal.ends() == 143
    assert f"error[{CAUSE}]" in after_the_screen(terminal)


def test_the_mouse_is_left_to_the_terminal_if_that_is_asked_for(
    terminals: list[Terminal], tmp_path: Path
) -> None:
    terminal = start(terminals, tmp_path, "replay", "--no-mouse", RECORDING)
    terminal.sees("ROOT CAUSE")
    terminal.press("Q")
    terminal.ends()
    assert "\x1b[?1000h" not in terminal.written


@pytest.mark.parametrize(
    ("words", "variables"),
    [(("--color", "never"), {}), ((), {"NO_COLOR": "1"})],
    ids=["color-never", "no-color"],
)
def test_without_colour_there_is_none_but_grey(
    terminals: list[Terminal], tmp_path: Path, words: tuple[str, ...], variables: dict[str, str]
) -> None:
    terminal = start(terminals, tmp_path, "replay", *words, RECORDING, **variables)
    terminal.sees("ROOT CAUSE")
    terminal.press("q")
    terminal.ends()
    colours = re.findall(r"[34]8;5;(\d+)", terminal.written)
    assert all(int(colour) >= 232 or int(colour) in {16, 231} for colour in colours)
    assert not re.search(r"\x1b\[(\d+;)*3[1-7]m", terminal.written)


def test_a_terminal_of_sixteen_colours_gets_no_more_and_no_box_drawing(
    terminals: list[Terminal], tmp_path: Path
) -> None:
    terminal = start(terminals, tmp_path, "replay", RECORDING, TERM="linux")
    terminal.sees("ROOT CAUSE")
    terminal.press("3")
    terminal.sees("####")
    terminal.press("Q")
    terminal.ends()
    assert not re.search(r"[34]8;[25];", terminal.written)
    assert not re.search("[─-╿✓✗]", terminal.written)


def test_a_dumb_terminal_gets_the_plain_report(terminals: list[Terminal], tmp_path: Path) -> None:
    terminal = start(terminals, tmp_path, "replay", RECORDING, TERM="dumb")
    assert terminal.ends() == 2
    assert CAUSE in terminal.written
    assert "\x1b" not in terminal.written


def test_the_demonstration_is_a_screen_of_its_own(
    terminals: list[Terminal], tmp_path: Path
) -> None:
    terminal = start(terminals, tmp_path, "demo", "websocket", "--lang", "en")
    terminal.sees("websocket.not-upgraded")
    terminal.sees("a demonstration")
    terminal.press("q")
    assert terminal.ends() == 2
    assert "websocket.not-upgraded" in after_the_screen(terminal)
    assert not list(tmp_path.rglob("history*"))


@pytest.mark.parametrize("hup", ["default", "ignore"])
def test_a_terminal_that_is_closed_ends_the_program(
    terminals: list[Terminal], tmp_path: Path, hup: str
) -> None:
    """Also where it is started by something that ignores SIGHUP, as nohup(1) does."""
    terminal = start(terminals, tmp_path, "demo", "websocket", hup=hup)
    terminal.sees("websocket.not-upgraded")
    terminal.close()
    assert terminal.process.returncode is not None
