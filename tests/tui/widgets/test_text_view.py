import pytest
from textual.pilot import Pilot

from diagnose.model import Command, Effect, Fix, Report, Severity
from diagnose.tui.app import DiagnoseApp
from tests.support.report_builder import (
    CLOSED,
    NAME,
    check,
    refusal,
    report,
)
from tests.support.tui_driver import (
    Stage,
    drive,
    until,
)


def many() -> Report:
    """A cause with more steps than a screen has lines."""
    steps = tuple(Command(("nginx", "-t", str(number)), Effect.TEST) for number in range(60))
    cause = check("nginx.door-locked", Severity.ERROR)
    return report(NAME, CLOSED, raised=((cause, refusal(fix=Fix(steps))),))


@pytest.mark.parametrize(("key", "moved"), [("j", True), ("G", True), ("pagedown", True)])
def test_a_long_text_is_scrolled(key: str, moved: bool) -> None:
    """A single finding needs no list: the text has the focus."""

    async def work(app: DiagnoseApp, pilot: Pilot[str]) -> None:
        await pilot.press(key)
        scroll = app.screen.query_one("#scroll")
        await until(pilot, lambda: scroll.scroll_target_y > 0)
        await pilot.press("g")
        await until(pilot, lambda: scroll.scroll_target_y == 0)

    drive(work, Stage(many()))
