import threading

from textual.pilot import Pilot

from diagnose.tui.app import DiagnoseApp
from diagnose.tui.messages import HistoryChanges
from tests.support.tui_driver import (
    MASKED,
    Stage,
    drive,
    shown,
    until,
)


def test_a_report_is_masked_once_whatever_is_told_after_it() -> None:
    async def work(app: DiagnoseApp, pilot: Pilot[str]) -> None:
        stage.masks = threading.Event()
        await pilot.press("p")
        app.sessions[0]._messages.put(HistoryChanges(()))
        await until(pilot, app.sessions[0]._messages.empty)
        await pilot.press("p", "p")
        stage.masks.set()
        await until(pilot, lambda: MASKED.url in shown(app, "#head"))

    stage = Stage()
    drive(work, stage)
    assert stage.maskings == 1
