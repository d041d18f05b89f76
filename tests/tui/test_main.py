import asyncio
import inspect
import os
import signal
from collections.abc import Callable
from functools import partialmethod

import pytest
from textual.drivers import linux_driver, linux_inline_driver
from textual.pilot import Pilot

from diagnose.model.events import Concluded
from diagnose.model.view import View
from diagnose.processes.signals import EXIT_SIGTERM
from diagnose.processes.worker import Channel
from diagnose.tui import main
from diagnose.tui.app import DiagnoseApp
from diagnose.tui.main import ScreenResult, run_screen
from diagnose.tui.messages import RunRequested
from diagnose.tui.session import Session
from tests.support.check_evidence import SHOP
from tests.support.report_builder import healthy, mended, refused
from tests.support.tui_driver import Stage, settled

VIEW = View(width=80, color=True)


class Unending(Stage):
    """A run that ends only when it is told to, with what it knows by then; or not even then."""

    obeys = True
    known = refused()

    async def run(self, channel: Channel, asked: RunRequested) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            if self.obeys:
                channel.tell(Concluded(self.known))
            else:
                await asyncio.Event().wait()


def leave(monkeypatch: pytest.MonkeyPatch, act: Callable[[DiagnoseApp], object]) -> None:
    """The screen runs without a terminal; when it is drawn, somebody acts."""

    async def pilot_acts(pilot: Pilot[str]) -> None:
        assert isinstance(pilot.app, DiagnoseApp)
        await settled(pilot.app, pilot)
        act(pilot.app)

    real = partialmethod(DiagnoseApp.run, headless=True, auto_pilot=pilot_acts)
    monkeypatch.setattr(DiagnoseApp, "run", real)


def look(stage: Stage) -> ScreenResult:
    return run_screen([Session(SHOP, stage.behind).start()], stage.behind, VIEW, mouse=False)


def test_the_report_remains_as_it_was_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    def act(app: DiagnoseApp) -> None:
        app.do_language()
        app.do_quit()

    leave(monkeypatch, act)
    made = mended()
    result = look(Stage(made))
    ((report, view),) = result.reports
    assert (report, view.lang, result.status) == (made, "zh", 0)


def test_nothing_remains_when_it_is_left_silently(monkeypatch: pytest.MonkeyPatch) -> None:
    leave(monkeypatch, DiagnoseApp.do_silently)
    assert look(Stage()) == ScreenResult((), 0)


def test_sigterm_leaves_the_report_and_a_status(monkeypatch: pytest.MonkeyPatch) -> None:
    leave(monkeypatch, lambda _: os.kill(os.getpid(), signal.SIGTERM))
    made = healthy()
    result = look(Stage(made))
    assert ([report for report, _ in result.reports], result.status) == ([made], EXIT_SIGTERM)


def test_a_screen_that_breaks_down_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    leave(monkeypatch, lambda app: app.exit("report", return_code=1))
    with pytest.raises(RuntimeError, match="broke down"):
        look(Stage())


def test_a_run_under_way_reports_what_it_knows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(DiagnoseApp, "run", lambda *_, **__: "report")
    assert [report for report, _ in look(Unending()).reports] == [Unending.known]


def test_a_run_that_does_not_end_holds_nobody_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(DiagnoseApp, "run", lambda *_, **__: "report")
    monkeypatch.setattr(main, "STOP_TIMEOUT", 0.01)
    stage = Unending()
    stage.obeys = False
    assert look(stage) == ScreenResult((), 0)


@pytest.mark.parametrize(
    ("term", "colorterm", "few"),
    [
        ("linux", "", True),
        ("xterm-16color", "", True),
        ("xterm", "truecolor", False),
        ("xterm-256color", "", False),
    ],
)
def test_a_terminal_with_sixteen_colours_gets_no_others(
    term: str, colorterm: str, few: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run(app: DiagnoseApp, **_: object) -> str:
        themes.append(app.theme)
        return "silently"

    themes: list[str] = []
    monkeypatch.setattr(DiagnoseApp, "run", run)
    monkeypatch.setenv("TERM", term)
    monkeypatch.setenv("COLORTERM", colorterm)
    run_screen([], Stage().behind, VIEW, mouse=False)
    assert [theme == "ansi-dark" for theme in themes] == [few]


def test_a_fault_of_the_screen_prints_no_traceback_and_is_the_cause_of_the_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def act(app: DiagnoseApp) -> None:
        app._exception = ValueError("of the screen")
        app._exit_renderables.append("a traceback with secrets")
        app._print_error_renderables()
        app.exit("report", return_code=1)

    leave(monkeypatch, act)
    with pytest.raises(RuntimeError, match="broke down") as raised:
        look(Stage())
    assert isinstance(raised.value.__cause__, ValueError)
    assert "secrets" not in "".join(capsys.readouterr())


@pytest.mark.parametrize(
    ("locale", "data", "text"),
    [
        ("zh_CN.GBK", "例子".encode("gbk"), "例子"),
        ("zh_CN.UTF-8", "例子".encode(), "例子"),
        ("zh_CN.UTF-8", b"a\xffb", "a\N{REPLACEMENT CHARACTER}b"),
        ("C", "例".encode(), "例"),
    ],
)
def test_keys_are_read_in_the_character_set_of_the_terminal(
    locale: str, data: bytes, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_ALL", locale)
    assert main.key_decoder("utf-8")().decode(data, final=True) == text


def test_textual_reads_keys_by_the_name_that_we_replace() -> None:
    for driver in (linux_driver, linux_inline_driver):
        assert 'getincrementaldecoder("utf-8")()' in inspect.getsource(driver)
        assert "XTermParser(" in inspect.getsource(driver)
