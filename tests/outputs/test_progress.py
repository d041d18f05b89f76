import time
from dataclasses import replace

import pytest

from diagnose.model.events import Concluded, Observed, Wait, Waiting
from diagnose.outputs.progress import SHOW_AFTER, ProgressLine
from diagnose.outputs.terminal import cell_len
from tests.support.report_builder import NAME, healthy
from tests.support.websocket_evidence import upgrade

LATE = replace(NAME, at=SHOW_AFTER)


@pytest.mark.parametrize(("lang", "name"), [("en", "DNS"), ("zh", "DNS")])
def test_a_long_run_shows_how_far_it_is_and_erases_it(lang: str, name: str) -> None:
    written: list[str] = []
    receive = ProgressLine(lang, written.append)
    receive(Observed(LATE, 7))
    receive(Concluded(healthy()))
    assert written == [f"\r\x1b[K- {name} (7)", "\r\x1b[K"]


def test_a_silence_says_until_when(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.time", lambda: 0.0)
    monkeypatch.setattr("time.localtime", time.gmtime)
    written: list[str] = []
    receive = ProgressLine("en", written.append, idle=70.0)
    receive(Observed(replace(upgrade(101, accepted=True), at=SHOW_AFTER), 8))
    receive(Observed(LATE, 9))
    assert all("/ws is held in silence until 00:01:10" in line for line in written)


def test_a_short_run_shows_nothing() -> None:
    written: list[str] = []
    receive = ProgressLine("en", written.append)
    receive(Observed(NAME, 1))
    receive(Concluded(healthy()))
    assert written == []


WAITS = (
    Wait("connection", "192.0.2.1", 443, 3.0, 4.0),
    Wait("connection", "192.0.2.2", 443, 3.2, 8.0),
)


@pytest.mark.parametrize(
    ("lang", "text"),
    [
        ("en", "TCP 443 on 192.0.2.2: waiting, 3 of 8 s"),
        ("zh", "192.0.2.2 的 TCP 443：等待中，3/8 秒"),
    ],
)
def test_what_may_last_longest_is_shown_with_its_time(lang: str, text: str) -> None:
    written: list[str] = []
    receive = ProgressLine(lang, written.append)
    receive(Observed(LATE, 7))
    receive(Waiting(WAITS))
    assert written[-1] == f"\r\x1b[K- DNS (7)  {text}"
    receive(Waiting(()))
    assert written[-1] == "\r\x1b[K- DNS (7)"


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_line_never_wraps(lang: str) -> None:
    written: list[str] = []
    ProgressLine(lang, written.append, width=20)(Waiting(WAITS))
    assert 15 < cell_len(written[0].removeprefix("\r\x1b[K")) < 20


def test_what_is_waited_for_cannot_control_the_terminal() -> None:
    written: list[str] = []
    wait = Wait("name", "a\x1b]0;b", 0, 1.0, 2.0)
    ProgressLine("en", written.append)(Waiting((wait,)))
    assert "\x1b]" not in written[0]
