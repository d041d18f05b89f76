"""The screen, driven by its keys. Its runs are reports made by hand, told as a run tells them."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Static

from diagnose.events import Concluded, Seen, Sink, Started
from diagnose.fix import Talk
from diagnose.model import Report, Target
from diagnose.outputs import View
from diagnose.outputs.terminal import cells
from diagnose.targets import UsageError, read
from diagnose.tui.app import _KEYS, DiagnoseApp, bindings
from diagnose.tui.screens.choice import Choice
from diagnose.tui.screens.sheet import Asking, Sheet
from diagnose.tui.screens.site import SiteScreen
from diagnose.tui.screens.start import StartScreen
from diagnose.tui.session import Doors, Session
from tests.reports import healthy, mended
from tests.saying import SHOP

Drive = Callable[[DiagnoseApp, Pilot[str]], Awaitable[None]]


class Stage:
    """What is behind the screen: a report for every run, and what was asked for."""

    def __init__(self, *reports: Report, fixable: bool = True) -> None:
        self.reports = list(reports) or [mended()]
        self.runs = 0
        self.fixes: list[bool] = []
        self.kept: list[Report] = []
        self.doors = Doors(
            run=self.run,
            fix=self.fix if fixable else None,
            read=self.read,
            mask=lambda report, view: (report, view),
            keep=self.kept.append,
            changes=lambda report, lang: ("shop.conf changed",),
        )

    async def run(self, target: Target, sink: Sink) -> Report:
        report = self.reports[min(self.runs, len(self.reports) - 1)]
        self.runs += 1
        sink(Started(target))
        for number, seen in enumerate(report.evidence.observations, 1):
            sink(Seen(seen, number))
        sink(Concluded(report))
        return report

    async def fix(self, target: Target, talk: Talk, undo: bool) -> int:
        self.fixes.append(undo)
        talk.write("what will be done\n")
        agreed = talk.ask is not None and talk.ask("Do this?")
        talk.write("it was done\n" if agreed else "nothing was done\n")
        return 0

    def read(self, word: str) -> Target:
        return read(word)


def drive(
    work: Drive,
    stage: Stage,
    lang: str = "en",
    size: tuple[int, int] = (80, 24),
    start: bool = False,
) -> str | None:
    view = View(lang=lang, width=size[0], color=True)
    sessions = [] if start else [Session(SHOP, stage.doors).begin()]
    app = DiagnoseApp(sessions, stage.doors, view, found=start)

    async def driven() -> None:
        async with app.run_test(size=size) as pilot:
            await settled(app, pilot)
            await work(app, pilot)

    asyncio.run(driven())
    return app.return_value


async def settled(app: DiagnoseApp, pilot: Pilot[str]) -> None:
    """All runs have ended and are drawn."""
    await until(pilot, lambda: not any(one.running for one in app.sessions))
    await until(pilot, lambda: getattr(app.screen, "ready", True))
    await pilot.pause()


async def until(pilot: Pilot[str], true: Callable[[], bool]) -> None:
    for _ in range(500):
        if true():
            return
        await pilot.pause(0.01)
    pytest.fail("it did not happen")


def shown(app: DiagnoseApp, where: str) -> str:
    content: Any = app.screen.query_one(where, Static).content
    return str(getattr(content, "plain", content))


def news(app: DiagnoseApp) -> list[str]:
    return [str(one.message) for one in app._notifications]


def test_the_verdict_stands_above_and_the_cause_is_chosen() -> None:
    async def work(app: DiagnoseApp, pilot: Pilot[str]) -> None:
        assert "CRITICAL" in shown(app, "#head")
        assert isinstance(app.screen, SiteScreen)
        assert app.screen.finding is not None
        assert app.screen.finding.check.id == "nginx.door-locked"
        assert "/etc/nginx/conf.d/shop.conf:2:5" in shown(app, "#text")
        assert "^^^^^^" in shown(app, "#text")

    drive(work, Stage())


@pytest.mark.parametrize(
    ("key", "words"),
    [("1", "--> /etc/nginx"), ("2", "nginx -s reload"), ("3", "nc -vz"), ("4", "━")],
)
def test_a_digit_shows_its_tab(key: str, words: str) -> None:
    async def work(app: DiagnoseApp, pilot: Pilot[str]) -> None:
        await pilot.press(key)
        assert words in shown(app, "#text")

    drive(work, Stage())


def test_j_goes_to_the_symptom_and_k_back() -> None:
    async def work(app: DiagnoseApp, pilot: Pilot[str]) -> None:
        assert isinstance(app.screen, SiteScreen)
        await pilot.press("j")
        assert app.screen.finding is not None
        assert app.screen.finding.check.id == "tcp.door-shut"
        await pilot.press("k")
        assert app.screen.finding.check.id == "nginx.door-locked"

    drive(work, Stage())


def test_r_looks_again_and_the_screen_turns_green() -> None:
    async def work(app: DiagnoseApp, pilot: Pilot[str]) -> None:
        await pilot.press("r")
        await settled(app, pilot)
        assert "OK" in shown(app, "#head")
        assert app.sessions[0].past == ["critical", "ok"]

    stage = Stage(mended(), healthy())
    drive(work, stage)
    assert stage.runs == len(stage.kept) == 2


def test_what_changed_since_it_was_well_is_said_of_a_broken_site() -> None:
    async def work(app: DiagnoseApp, pilot: Pilot[str]) -> None:
        assert "shop.conf changed" in shown(app, "#news")
        await pilot.press("r")
        await settled(app, pilot)
        assert not app.screen.query_one("#news").display

    drive(work, Stage(mended(), healthy()))


def test_y_copies_the_steps_and_shows_them_without_a_border() -> None:
    async def work(app: DiagnoseApp, pilot: Pilot[str]) -> None:
        await pilot.press("y")
        assert isinstance(app.screen, Sheet)
        sheet = shown(app, "#sheet")
        assert sheet.startswith("patch /etc/nginx/conf.d/shop.conf <<'DIAGNOSE'\n")
        assert "nginx -s reload" in sheet
        assert "does not say whether it took it" in shown(app, "#told")
        await pilot.press("escape")
        assert isinstance(app.screen, SiteScreen)

    drive(work, Stage())


def test_y_says_why_there_is_nothing_to_copy() -> None:
    async def work(app: DiagnoseApp, pilot: Pilot[str]) -> None:
        await pilot.press("j", "y")
        assert isinstance(app.screen, SiteScreen)
        assert any("no steps" in one for one in news(app))

    drive(work, Stage())


def test_Y_copies_the_report_for_a_ticket() -> None:
    async def work(app: DiagnoseApp, pilot: Pilot[str]) -> None:
        await pilot.press("Y")
        assert isinstance(app.screen, Sheet)
        assert "nginx.door-locked" in shown(app, "#sheet")

    drive(work, Stage())


@pytest.mark.parametrize(("key", "undo"), [("a", False), ("u", True)])
def test_a_fix_is_shown_asked_about_and_looked_at_again(key: str, undo: bool) -> None:
    async def work(app: DiagnoseApp, pilot: Pilot[str]) -> None:
        await pilot.press(key)
        assert isinstance(app.screen, Asking)
        await until(pilot, lambda: "Do this?" in shown(app, "#ask"))
        assert "what will be done" in shown(app, "#sheet")
        await pilot.press("y")
        await until(pilot, lambda: "Esc" in shown(app, "#ask"))
        assert "it was done" in shown(app, "#sheet")
        await pilot.press("escape")
        await settled(app, pilot)
        assert "OK" in shown(app, "#head")

    stage = Stage(mended(), healthy())
    drive(work, stage)
    assert stage.fixes == [undo]


def test_no_leaves_everything_as_it_is() -> None:
    async def work(app: DiagnoseApp, pilot: Pilot[str]) -> None:
        await pilot.press("a")
        await until(pilot, lambda: "Do this?" in shown(app, "#ask"))
        await pilot.press("escape")
        await until(pilot, lambda: "nothing was done" in shown(app, "#sheet"))

    drive(work, Stage())


def test_a_recording_cannot_be_mended_and_says_so() -> None:
    async def work(app: DiagnoseApp, pilot: Pilot[str]) -> None:
        await pilot.press("a")
        assert isinstance(app.screen, SiteScreen)
        assert any("recording" in one for one in news(app))

    drive(work, Stage(fixable=False))


@pytest.mark.parametrize(("place", "suffix"), [(0, "json"), (1, "md"), (2, "html"), (3, "txt")])
def test_e_exports(
    place: int, suffix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def work(app: DiagnoseApp, pilot: Pilot[str]) -> None:
        await pilot.press("e")
        assert isinstance(app.screen, Choice)
        await pilot.press(*["j"] * place, "enter")
        await pilot.pause()

    monkeypatch.chdir(tmp_path)
    drive(work, Stage())
    (saved,) = tmp_path.iterdir()
    assert saved.suffix == f".{suffix}"
    assert "nginx.door-locked" in saved.read_text("utf-8")


def test_S_saves_a_picture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def work(app: DiagnoseApp, pilot: Pilot[str]) -> None:
        await pilot.press("S")

    monkeypatch.chdir(tmp_path)
    drive(work, Stage())
    (saved,) = tmp_path.iterdir()
    assert saved.read_text("utf-8").startswith("<svg")


def test_an_export_that_cannot_be_saved_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def work(app: DiagnoseApp, pilot: Pilot[str]) -> None:
        gone.rmdir()
        await pilot.press("S")
        assert any("Not saved" in one for one in news(app))

    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.setenv("PWD", str(gone))
    here = Path.cwd()
    os.chdir(gone)
    try:
        drive(work, Stage())
    finally:
        os.chdir(here)


def test_w_watches_and_ends_watching() -> None:
    async def work(app: DiagnoseApp, pilot: Pilot[str]) -> None:
        await pilot.press("w")
        assert app.sessions[0].watched
        await pilot.press("w")
        assert not app.sessions[0].watched

    drive(work, Stage())


def test_a_slash_filters_and_escape_clears() -> None:
    async def work(app: DiagnoseApp, pilot: Pilot[str]) -> None:
        assert isinstance(app.screen, SiteScreen)
        await pilot.press("slash", *"shut")
        assert app.screen.finding is not None
        assert app.screen.finding.check.id == "tcp.door-shut"
        await pilot.press("escape")
        assert len(app.screen._shown) == 2

    drive(work, Stage())


def test_p_masks() -> None:
    async def work(app: DiagnoseApp, pilot: Pilot[str]) -> None:
        await pilot.press("p")
        assert app.masked
        await pilot.press("p")
        assert not app.masked

    drive(work, Stage())


def test_the_question_mark_shows_every_key() -> None:
    async def work(app: DiagnoseApp, pilot: Pilot[str]) -> None:
        await pilot.press("question_mark")
        lines = shown(app, "#sheet").splitlines()
        for key in ("r", "y", "a", "u", "e", "w", "Y", "/", "p", "t", "L", "S", "Q", "q", "1 - 5"):
            assert any(line.split("  ")[0].strip() == key for line in lines), key

    drive(work, Stage())


def test_enter_reads_the_text_and_escape_goes_back() -> None:
    async def work(app: DiagnoseApp, pilot: Pilot[str]) -> None:
        await pilot.press("enter")
        assert app.focused is not None
        assert app.focused.id == "scroll"
        await pilot.press("escape")
        assert app.focused.id == "list"

    drive(work, Stage())


@pytest.mark.parametrize(
    ("key", "left"),
    [("q", "report"), ("Q", "silently"), ("L", "language"), ("ctrl+q", "report"),
     ("ctrl+c", "report")],
)  # fmt: skip
def test_the_ways_to_leave(key: str, left: str) -> None:
    async def work(app: DiagnoseApp, pilot: Pilot[str]) -> None:
        await pilot.press(key)

    assert drive(work, Stage()) == left


def test_t_takes_another_target_and_reads_it_generously() -> None:
    async def work(app: DiagnoseApp, pilot: Pilot[str]) -> None:
        await pilot.press("t")
        assert isinstance(app.screen, StartScreen)
        app.screen.query_one("#input").focus()
        await pilot.press(*"shop.example.com:8443", "enter")
        await pilot.pause()
        assert isinstance(app.screen, SiteScreen)
        assert app.screen.session.target.port == 8443

    drive(work, Stage())


def test_one_that_was_not_looked_at_is_when_it_is_opened() -> None:
    async def work(app: DiagnoseApp, pilot: Pilot[str]) -> None:
        app.sessions.append(Session(SHOP, stage.doors))
        assert isinstance(app.screen, StartScreen)
        app.screen.draw()
        assert stage.runs == 0
        app.screen.query_one("#choices").focus()
        await pilot.press("enter")
        await until(pilot, lambda: stage.runs == 1)

    stage = Stage()
    drive(work, stage, start=True)


def test_a_target_that_cannot_be_read_is_said() -> None:
    async def work(app: DiagnoseApp, pilot: Pilot[str]) -> None:
        await pilot.press(*"https://", "enter")
        assert isinstance(app.screen, StartScreen)
        with pytest.raises(UsageError) as raised:
            read("https://")
        assert str(raised.value) in news(app)

    drive(work, Stage(), start=True)


def test_every_action_of_the_keys_exists() -> None:
    for _, action, _, _ in _KEYS:
        name = action.partition("(")[0]
        owner: type = DiagnoseApp if name.startswith("app.") else SiteScreen
        assert hasattr(owner, f"action_{name.removeprefix('app.')}"), action


def footer(keys: tuple[tuple[str, str], ...]) -> int:
    """How many cells a footer with these keys takes: each key, a blank, its word, two blanks."""
    return sum(cells(key) + 1 + cells(word) + 2 for key, word in keys)


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_footer_fits_into_80_columns(lang: str) -> None:
    shown = [one for one in bindings(lang) if one.show]
    assert 6 <= len(shown) <= 8
    assert footer(tuple((one.key_display or one.key, one.description) for one in shown)) <= 80


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("size", [(60, 18), (80, 24), (100, 30), (140, 40)])
def test_no_line_is_wider_than_its_place(lang: str, size: tuple[int, int]) -> None:
    async def work(app: DiagnoseApp, pilot: Pilot[str]) -> None:
        assert isinstance(app.screen, SiteScreen)
        await pilot.pause()
        for key in "1234":
            await pilot.press(key)
            for line in shown(app, "#text").splitlines():
                code = line.lstrip()[:2] in {"$ ", "--", "++"}  # never cut: it is folded
                assert code or cells(line) <= app.screen._room() - 2, (key, line)
        for where in ("#head", "#strip"):
            assert all(cells(line) <= size[0] - 1 for line in shown(app, where).splitlines())

    drive(work, Stage(), lang, size)


def test_five_hundred_observations_are_few_paints_and_typing_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What lies in the queue is taken at one go."""

    async def work(app: DiagnoseApp, pilot: Pilot[str]) -> None:
        assert isinstance(app.screen, SiteScreen)
        session, drawn = app.sessions[0], []
        real = app.screen.draw

        def draw(whole: bool = False) -> None:
            drawn.append(whole)
            real(whole)

        monkeypatch.setattr(app.screen, "draw", draw)
        seen = mended().evidence.observations[1]
        session.live.concluded = None
        assert session._work is not None
        for number in range(500):
            session._work.events.put(Seen(seen, number))
        await pilot.press("slash", *"shut")
        await until(pilot, session._work.events.empty)
        assert app.screen.query_one("#filter").value == "shut"  # type: ignore[attr-defined]
        assert len(drawn) < 30

    drive(work, Stage())
