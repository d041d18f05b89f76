from dataclasses import replace

import pytest

from diagnose.model.events import Concluded, Observed
from diagnose.outputs.progress import SHOW_AFTER, sink
from tests.support.report_builder import NAME, healthy

LATE = replace(NAME, at=SHOW_AFTER)


@pytest.mark.parametrize(("lang", "name"), [("en", "DNS"), ("zh", "DNS")])
def test_a_long_run_shows_how_far_it_is_and_erases_it(lang: str, name: str) -> None:
    written: list[str] = []
    receive = sink(lang, written.append)
    receive(Observed(LATE, 7))
    receive(Concluded(healthy()))
    assert written == [f"\r\x1b[K- {name} (7)", "\r\x1b[K"]


def test_a_short_run_shows_nothing() -> None:
    written: list[str] = []
    receive = sink("en", written.append)
    receive(Observed(NAME, 1))
    receive(Concluded(healthy()))
    assert written == []
