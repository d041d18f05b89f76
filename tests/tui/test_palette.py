from textual.pilot import Pilot

from diagnose.tui.app import DiagnoseApp
from diagnose.tui.screens.site import SiteScreen
from tests.support.tui_driver import (
    Stage,
    chosen,
    drive,
    until,
)


def test_the_palette_goes_to_a_finding() -> None:
    async def work(app: DiagnoseApp, pilot: Pilot[str]) -> None:
        await pilot.press("colon")
        await pilot.press(*"go to tcp.door")
        await pilot.pause()
        await app.workers.wait_for_complete()
        await until(pilot, lambda: palette_has(app, "tcp.door-shut"))
        await pilot.press("enter", "enter")
        await until(pilot, lambda: isinstance(app.screen, SiteScreen))
        assert chosen(app) == "tcp.door-shut"

    drive(work, Stage())


def test_the_palette_understands_the_words_of_the_key_bar() -> None:
    async def work(app: DiagnoseApp, pilot: Pilot[str]) -> None:
        await pilot.press("colon")
        await pilot.press(*"verify")
        await pilot.pause()
        await app.workers.wait_for_complete()
        await until(pilot, lambda: palette_has(app, "only the layer that this finding affects"))

    drive(work, Stage())


def palette_has(app: DiagnoseApp, words: str) -> bool:
    from textual.command import CommandList

    listed = app.screen.query_one(CommandList)
    return listed.option_count > 0 and words in str(listed.get_option_at_index(0).prompt)
