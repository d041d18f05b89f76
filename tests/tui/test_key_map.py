import subprocess
import sys
from pathlib import Path

import pytest
from textual.pilot import Pilot

from diagnose.parsers.target import UsageError
from diagnose.tui.app import DiagnoseApp
from diagnose.tui.key_map import ACTION_NAMES, conflict, key_facts, label, parse_keys, remap
from diagnose.tui.keys import SITE_KEYS
from diagnose.tui.screens.text_dialog import TextDialog
from tests.support.report_builder import healthy, mended
from tests.support.tui_driver import Stage, drawn, drive, notes, settled, shown, until


@pytest.mark.parametrize(
    ("texts", "keys"),
    [
        (["x"], "x"),
        (["F5", "Ctrl+R"], "f5,ctrl+r"),
        (["?"], "?"),
        ([","], "comma"),
        (["Space"], "space"),
        (["x", "x"], "x"),
    ],
)
def test_keys_are_named_as_people_do(texts: list[str], keys: str) -> None:
    assert parse_keys("watch", texts) == keys


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "no key"),
        ("f13", "no key"),
        ("strg+x", "no key"),
        ("é", "no key"),
        ("\x1b", "no key"),
        ("ctrl+c", "fixed meaning"),
        ("ctrl+i", "fixed meaning"),
        ("j", "fixed meaning"),
        ("2", "fixed meaning"),
    ],
)
def test_what_is_no_key_or_not_free_is_refused(text: str, reason: str) -> None:
    with pytest.raises(UsageError, match=reason):
        parse_keys("watch", [text])


def test_an_action_keeps_a_key_and_a_question_its_answers() -> None:
    with pytest.raises(UsageError, match="needs a key"):
        parse_keys("watch", [])
    with pytest.raises(UsageError, match="answer the question"):
        parse_keys("quit", ["y"])
    assert parse_keys("copy", ["y"]) == "y"
    with pytest.raises(UsageError, match="for typing"):
        parse_keys("back", ["x"])
    assert parse_keys("back", ["F10"]) == "f10"


def test_a_key_has_one_action() -> None:
    assert conflict({}) is None
    assert conflict({"watch": "x"}) is None
    assert conflict({"watch": "r"}) == ("watch", "r", "again")
    assert conflict({"watch": "?"}) == ("watch", "?", "help")
    assert conflict({"watch": "r", "again": "w"}) is None


def test_the_label_is_short() -> None:
    assert [label(key) for key in ("x", "f5", "ctrl+r", "space", "comma", "slash")] == [
        "x", "F5", "^r", "Space", ",", "/",
    ]  # fmt: skip
    facts = key_facts(remap(SITE_KEYS, {"copy-report": "ctrl+y"}))
    assert (facts["key_copy_report"], facts["key_watch"]) == ("^y", "w")


def test_every_action_of_the_site_can_be_chosen() -> None:
    assert set(ACTION_NAMES) == {key.name for key in SITE_KEYS}


ROOT = Path(__file__).parents[2]
MAP = {"again": "f5", "watch": "r", "quit": "x", "help": "h", "copy": "ctrl+y", "verify": "w"}


def test_the_keys_of_the_map_act_and_the_others_no_longer_do() -> None:
    async def work(app: DiagnoseApp, pilot: Pilot[str]) -> None:
        below = app.screen
        await pilot.press("f5")
        await settled(app, pilot)
        assert app.sessions[0].runs == 2
        await pilot.press("r")
        assert app.sessions[0].watched
        assert any("r stops it" in note for note in notes(app))
        await pilot.press("question_mark", "y")
        assert app.screen is below
        await pilot.press("h")
        assert isinstance(app.screen, TextDialog)
        await pilot.press("q")
        assert app.screen is not below
        await pilot.press("x")
        assert app.screen is below
        await pilot.press("q", "x")

    stage = Stage(mended())
    assert drive(work, stage, key_map=MAP) == "report"


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_what_is_shown_are_the_keys_in_effect(lang: str) -> None:
    async def work(app: DiagnoseApp, pilot: Pilot[str]) -> None:
        bar = shown(app, "#keys")
        assert "F5" in bar
        assert "^y" in bar
        tabs = shown(app, "#tabs")
        assert "^y" in tabs
        await pilot.press("h")
        heading, lines = drawn(app, ".told", 0), shown(app, "#sheet").splitlines()
        assert any(line.startswith("F5 ") for line in lines)
        assert not any(line.startswith("y ") for line in lines)
        assert "x" in heading.split()

    drive(work, Stage(), lang, size=(120, 30), key_map=MAP)


def test_a_fix_names_the_keys_that_leave_it() -> None:
    async def work(app: DiagnoseApp, pilot: Pilot[str]) -> None:
        below = app.screen
        await pilot.press("a")
        await until(pilot, lambda: "n, x or Esc: no" in shown(app, "#ask"))
        await pilot.press("x")
        await until(pilot, lambda: "Esc or x goes back" in shown(app, "#ask"))
        await pilot.press("x")
        assert app.screen is below

    drive(work, Stage(mended(), healthy()), key_map=MAP)


def test_a_run_without_the_screen_checks_keys_without_textual() -> None:
    program = "import diagnose.tui.key_map, sys; sys.exit('textual' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_documentation_has_every_action_with_its_key(lang: str) -> None:
    page = (ROOT / "docs" / lang / "how-to" / "configuration.md").read_text()
    for key in SITE_KEYS:
        assert f"| `{key.name}` | `{key.label}` | " in page
