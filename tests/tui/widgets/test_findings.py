import asyncio
from collections.abc import Awaitable, Callable

import pytest
from textual.app import App, ComposeResult
from textual.pilot import Pilot

from diagnose.model.view import View
from diagnose.tui.app import DiagnoseApp
from diagnose.tui.run_state import finding_rows
from diagnose.tui.widgets.findings import Findings, filter_text
from tests.support import tui_driver
from tests.support.report_builder import check, mended, refusal, report
from tests.support.tui_driver import Patient

VIEW = View(width=60, color=True)
ROWS = list(finding_rows(mended()))
(CAUSE, _), (SYMPTOM, _) = ROWS


class Alone(App[str]):
    """The list of findings, and how often another was chosen."""

    def __init__(self) -> None:
        super().__init__()
        self.list, self.choices = Findings(), 0

    def compose(self) -> ComposeResult:
        yield self.list

    def on_findings_chosen(self) -> None:
        self.choices += 1

    def prompts(self) -> list[str]:
        return [str(option.prompt) for option in self.list.options]


def drive(work: Callable[[Alone, Patient], Awaitable[None]]) -> None:
    async def driven() -> None:
        app = Alone()
        async with app.run_test():
            app.list.show(ROWS, VIEW, tall=False)
            await work(app, Patient(app))

    asyncio.run(driven())


def test_the_first_is_chosen_until_another_is() -> None:
    async def work(app: Alone, pilot: Patient) -> None:
        assert app.list.finding is CAUSE
        await pilot.press("j")
        assert app.list.finding is SYMPTOM
        app.list.choose(CAUSE.id)
        await pilot.pause()
        assert app.list.finding is CAUSE
        app.list.choose("f99")
        await pilot.pause()
        assert app.list.finding is CAUSE
        assert app.choices == 2

    drive(work)


def test_the_chosen_one_stays_chosen_in_another_list_and_else_the_first_is() -> None:
    async def work(app: Alone, pilot: Patient) -> None:
        await pilot.press("j")
        app.list.show([*ROWS[1:], *ROWS[:1]], VIEW, tall=False)
        await pilot.pause()
        assert (app.list.finding, app.list.highlighted) == (SYMPTOM, 0)
        app.list.show(ROWS[:1], VIEW, tall=False)
        await pilot.pause()
        assert (app.list.finding, app.list.highlighted) == (CAUSE, 0)
        app.list.show(ROWS, VIEW, tall=False)
        await pilot.pause()
        assert (app.list.finding, app.list.highlighted) == (SYMPTOM, 1)
        assert app.choices == 1

    drive(work)


def test_a_list_without_findings_is_not_seen() -> None:
    async def work(app: Alone, pilot: Patient) -> None:
        app.list.show([], VIEW, tall=False)
        await pilot.pause()
        assert (app.list.finding, app.list.display, app.prompts()) == (None, False, [])
        app.list.show(ROWS, VIEW, tall=False)
        assert app.list.display

    drive(work)


def test_a_narrow_list_has_several_lines_for_a_finding_and_the_language_is_that_asked_for() -> None:
    async def work(app: Alone, pilot: Patient) -> None:
        assert [prompt.count("\n") for prompt in app.prompts()] == [0, 0]
        app.list.show(ROWS, View(lang="zh", width=20, color=True), tall=True)
        first, second = app.prompts()
        assert first.count("\n") >= 2
        assert "根本原因" in first
        assert "└ " in second

    drive(work)


@pytest.mark.parametrize("width", [20, 200])
def test_a_filter_finds_every_word_of_a_line_in_small_letters(width: int) -> None:
    text = filter_text(CAUSE, View(width=width, color=True))
    assert "nginx.door-locked" in text
    assert "\x1b" not in text
    assert text == " ".join(text.lower().split())
    assert "203.0.113.10" in filter_text(SYMPTOM, View(width=width, color=True))


def test_a_filter_finds_what_a_server_wrote_without_what_would_steer_the_terminal() -> None:
    claim = refusal(facts={"address": "[b]\x1b[2JWeb", "port": 443})
    (finding,) = report(raised=((check("tcp.door-shut"), claim),)).findings
    assert "[b]" in filter_text(finding, VIEW)
    assert "\x1b" not in filter_text(finding, VIEW)


def test_the_chosen_one_is_marked_where_there_are_no_colours(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TERM", "dumb")
    monkeypatch.delenv("COLORTERM", raising=False)

    async def work(app: DiagnoseApp, pilot: Pilot[str]) -> None:
        await pilot.press("j")
        assert app.theme == "ansi-dark"
        shown_list = app.screen.query_one("#list")
        marked = [
            {bool(part.style and part.style.reverse) for part in shown_list.render_line(line)}
            for line in range(2)
        ]
        assert marked == [{False}, {True}]

    tui_driver.drive(work, tui_driver.Stage())
