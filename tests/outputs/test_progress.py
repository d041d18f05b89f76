import time
from dataclasses import replace

import pytest

from diagnose.model.events import Concluded, Observed
from diagnose.outputs.progress import SHOW_AFTER, sink
from tests.support.report_builder import NAME, healthy
from tests.support.websocket_evidence import upgrade

LATE = replace(NAME, at=SHOW_AFTER)


@pytest.mark.parametrize(("lang", "name"), [("en", "DNS"), ("zh", "DNS")])
def test_a_long_run_shows_how_far_it_is_and_erases_it(lang: str, name: str) -> None:
    written: list[str] = []
    receive = sink(lang, written.append)
    receive(Observed(LATE, 7))
    receive(Concluded(healthy()))
    assert written == [f"\r\x1b[K- {name} (7)", "\r\x1b[K"]


def test_a_silence_says_until_when(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.time", lambda: 0.0)
    monkeypatch.setattr("time.localtime", time.gmtime)
    written: list[str] = []
    receive = sink("en", written.append, idle=70.0)
    receive(Observed(replace(upgrade(101, accepted=True), at=SHOW_AFTER), 8))
    receive(Observed(LATE, 9))
    assert all("/ws is held in silence until 00:01:10" in line for line in written)


def test_a_short_run_shows_nothing() -> None:
    written: list[str] = []
    receive = sink("en", written.append)
    receive(Observed(NAME, 1))
    receive(Concluded(healthy()))
    assert written == []
