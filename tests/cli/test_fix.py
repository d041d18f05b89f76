"""What `diagnose fix` says and asks: the server is only a report, the door to it is real."""

import asyncio
import re
from dataclasses import replace
from pathlib import Path

import pytest

from diagnose.cli import fix
from diagnose.fixing import journal
from diagnose.fixing import plan as planning
from diagnose.i18n.fix import translate
from diagnose.machine import CommandResult
from diagnose.machine.local import LocalMachine
from diagnose.model import (
    Applicability,
    Claim,
    Command,
    Edit,
    Effect,
    Failure,
    Finding,
    Fix,
    Report,
    Subject,
    Vantage,
)
from diagnose.model import Host as Server
from diagnose.model.server import Listeners
from diagnose.model.view import View
from tests.support.check_evidence import evidence
from tests.support.report_builder import WELL, check
from tests.support.steps import touching

ON_THE_SERVER = Server(hostname="web1", role="server", vantage=Vantage.SERVER)


class Shop:
    """A site that a file heals. `answers` is what the person says when asked."""

    def __init__(self, root: Path, *answers: bool) -> None:
        self.file = root / "mended"
        self.answers = list(answers)
        self.asked: list[str] = []
        self.said = ""
        self.here = True
        self.how = Applicability.AUTOMATIC
        self.step = touching(self.file)
        self.more: tuple[Command, ...] = ()

    async def look(self) -> Report:
        fixed = Fix((*self.more, self.step), self.how)
        facts = {"port": 443, "tls": True, "unsure": False}
        claim = Claim(about=Subject(port=443), because=(), fix=fixed, facts=facts)
        found = () if self.file.exists() else (Finding("f1", check("listener.missing"), claim),)
        seen = (ON_THE_SERVER, Listeners()) if self.here else (Listeners(),)
        return Report(evidence(*seen, *(() if found else WELL)), found)

    def ask(self, question: str) -> bool:
        self.asked.append(question)
        return self.answers.pop(0)

    def write(self, text: str) -> None:
        self.said += text

    def fix(
        self, yes: bool = True, dry: bool = False, lang: str = "en", folds: bool = False
    ) -> int:
        talk = fix.Dialog(View(lang=lang), self.write, None if yes else self.ask, dry, folds)
        return asyncio.run(fix.fix(LocalMachine(), self.look, talk))

    def undo(self, yes: bool = True, lang: str = "en") -> int:
        self.said = ""
        talk = fix.Dialog(View(lang=lang), self.write, None if yes else self.ask)
        return asyncio.run(fix.undo(LocalMachine(), talk))


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(journal, "STATE_FOLDER", str(tmp_path / "diagnose"))
    monkeypatch.setattr(journal, "OPEN_FOLDER", str(tmp_path / "diagnose" / "current"))
    monkeypatch.setattr("diagnose.fixing.apply.RETRY_DELAYS", (0.0, 0.0))
    return tmp_path


def test_it_shows_asks_does_and_says_that_it_helped(place: Path) -> None:
    shop = Shop(place, True)
    assert shop.fix(yes=False) == 0
    assert shop.asked == ["Do this?"]
    assert f"$ touch {shop.file}" in shop.said
    assert "It helped" in shop.said
    assert shop.file.exists()
    assert shop.undo() == 0
    assert not shop.file.exists()
    assert "Everything is as it was before." in shop.said


def test_on_the_screen_a_long_command_is_continued_as_a_shell_reads_it(place: Path) -> None:
    folder = place / ("long" * 30)
    folder.mkdir()
    shop = Shop(folder)
    assert shop.fix(folds=True) == 0
    command = f"$ touch {shop.file}"
    assert command not in shop.said
    # In the plan, and where it is applied.
    assert re.sub(r" \\\n +", " ", shop.said).count(command) == 2


def test_whoever_says_no_is_left_in_peace(place: Path) -> None:
    shop = Shop(place, False)
    assert shop.fix(yes=False) == 2
    assert not shop.file.exists()
    assert "Nothing was changed." in shop.said


def test_a_dry_run_shows_and_does_nothing(place: Path) -> None:
    shop = Shop(place)
    assert shop.fix(dry=True) == 2
    assert f"$ touch {shop.file}" in shop.said
    assert not shop.file.exists()
    assert not (place / "diagnose").exists()


@pytest.mark.parametrize("how", [Applicability.REVIEW, Applicability.MANUAL])
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_what_is_not_for_a_program_is_refused_and_the_reason_said(
    place: Path, how: Applicability, lang: str
) -> None:
    shop = Shop(place)
    shop.how = how
    assert shop.fix(lang=lang) == 2
    assert translate(f"fix.left.{how}", lang) in shop.said
    assert f"$ touch {shop.file}" in shop.said
    assert translate("fix.left.then", lang) in shop.said
    assert re.search(r"\$ diagnose .* --only ", shop.said)
    assert not shop.file.exists()


def test_from_another_machine_it_says_where_to_do_it(place: Path) -> None:
    shop = Shop(place)
    shop.here = False
    assert shop.fix() == 2
    assert "--server ssh://" in shop.said
    assert not shop.file.exists()


class Unreachable(LocalMachine):
    async def run(self, *argv: str, timeout: float = 8.0) -> CommandResult:
        why = "ssh: connect to host 203.0.113.10 port 22: Connection timed out"
        return CommandResult(argv, 255, "", why, 0.0, Failure("exit", why, 255))


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_server_that_cannot_be_entered_is_looked_at_from_here(place: Path, lang: str) -> None:
    shop = Shop(place)
    shop.here = False
    dialog = fix.Dialog(View(lang=lang), shop.write, None)
    assert asyncio.run(fix.fix(Unreachable(), shop.look, dialog)) == 2
    assert "Connection timed out" in shop.said
    assert translate("fix.elsewhere", lang) in shop.said


def test_where_nothing_is_wrong_nothing_is_asked(place: Path) -> None:
    shop = Shop(place)
    shop.file.touch()
    assert shop.fix(yes=False) == 0
    assert shop.asked == []
    assert "There is nothing to fix." in shop.said
    assert shop.undo() == 0
    assert "There is nothing to undo." in shop.said


def test_what_did_not_help_is_said_to_have_been_taken_back(place: Path) -> None:
    shop = Shop(place)
    other = place / "other"
    shop.step = touching(other)
    assert shop.fix() == 2
    assert "It did not help and was undone: listener.missing is still there." in shop.said
    assert not other.exists()


class TwoFaults(Shop):
    """A second fault that comes to light when the first has gone."""

    async def look(self) -> Report:
        if not self.file.exists():
            return await super().look()
        other = self.file.with_name("other")
        step = touching(other)
        claim = Claim(about=Subject(port=80), because=(), fix=Fix((step,)))
        found = () if other.exists() else (Finding("f1", check("tcp.refused"), claim),)
        return Report(evidence(ON_THE_SERVER, Listeners()), found)


def test_what_comes_to_light_behind_is_shown_and_asked_about_anew(place: Path) -> None:
    shop = TwoFaults(place, True, False)
    shop.fix(yes=False)
    assert len(shop.asked) == 2
    assert f"$ touch {place / 'other'}" in shop.said
    assert shop.file.exists()
    assert not (place / "other").exists()


class Shifting(Shop):
    """Two faults that are known at once; the second's step is another when the first has gone."""

    shifts = True

    async def look(self) -> Report:
        names = [one for one in ("a", "b") if not (self.file.parent / one).exists()]
        found = []
        for number, name in enumerate(names):
            path = str(self.file.parent / name)
            words = ("touch", "--", path) if self.shifts and names == ["b"] else ("touch", path)
            claim = Claim(
                about=Subject(text=name),
                because=(),
                fix=Fix((Command(words, Effect.CHANGE, undo=("rm", path), changes=(path,)),)),
                facts={"port": 443, "tls": True, "unsure": False},
            )
            found.append(Finding(f"f{number}", check("listener.missing"), claim))
        return Report(evidence(ON_THE_SERVER, Listeners()), tuple(found))


class Misjudged(Shifting):
    """Two faults. The fix of the first does not help; that of the second does."""

    shifts = False

    async def look(self) -> Report:
        report = await super().look()
        (first, *others) = report.findings
        if first.claim.about.text != "a":
            return report
        path = str(self.file.parent / "in-vain")
        fix = Fix((Command(("touch", path), Effect.CHANGE, undo=("rm", path), changes=(path,)),))
        claim = replace(first.claim, fix=fix)
        return replace(report, findings=(replace(first, claim=claim), *others))


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_after_a_fix_that_was_undone_the_next_cause_is_fixed(place: Path, lang: str) -> None:
    shop = Misjudged(place)
    assert shop.fix(lang=lang) == 2
    assert not (place / "in-vain").exists()
    assert (place / "b").exists()
    order = ("fix.undoing", "fix.next", "fix.tried")
    positions = [shop.said.index(translate(key, lang).strip()) for key in order]
    assert positions == sorted(positions)
    assert translate("fix.tried.healed", lang, check="listener.missing (b)") in shop.said
    assert translate("fix.left.undone", lang) in shop.said
    assert translate("fix.left.then", lang) not in shop.said


def test_what_was_agreed_to_is_not_asked_about_again_after_an_undone_fix(place: Path) -> None:
    shop = Misjudged(place, True)
    shop.fix(yes=False)
    assert shop.asked == ["Do this?"]
    # The fix of the first is tried once more after the second helped: it may have lacked it.
    assert shop.said.count("was undone.") == 2


class Hopeless(Shop):
    """Many faults, and no fix helps."""

    async def look(self) -> Report:
        found = []
        for number in range(9):
            path = str(self.file.parent / f"vain{number}")
            step = Command(("touch", path), Effect.CHANGE, undo=("rm", path), changes=(path,))
            claim = Claim(
                about=Subject(text=f"port {number}"),
                because=(),
                fix=Fix((step,)),
                facts={"port": 443, "tls": True, "unsure": False},
            )
            found.append(Finding(f"f{number}", check("listener.missing"), claim))
        return Report(evidence(ON_THE_SERVER, Listeners()), tuple(found))


def test_fixes_that_do_not_help_come_to_an_end(place: Path) -> None:
    shop = Hopeless(place)
    assert shop.fix() == 2
    assert not list(place.glob("vain*"))
    text = translate("fix.tried.rolled-back", "en", check="listener.missing (port 0)").strip()
    assert text in shop.said
    assert shop.said.count("it did not help and was undone.") == fix.MAX_UNDONE


@pytest.mark.parametrize(("shifts", "asked"), [(False, 1), (True, 2)])
def test_several_are_asked_about_once_unless_what_was_agreed_to_has_changed(
    place: Path, shifts: bool, asked: int
) -> None:
    shop = Shifting(place, True, True)
    shop.shifts = shifts
    shop.fix(yes=False)
    assert len(shop.asked) == asked
    assert (place / "b").exists()


class Editing(Shifting):
    """Both edit the same file, and the second's lines may be others when the first has gone."""

    async def look(self) -> Report:
        report = await super().look()
        found = []
        for finding in report.findings:
            (step,) = finding.claim.fix.steps if finding.claim.fix else ()
            assert isinstance(step, Command)
            name = finding.claim.about.text
            line = "new" if self.shifts and name == "b" and len(report.findings) == 1 else "old"
            diff = f"--- /x\n+++ /x\n@@ -{len(report.findings)} +1 @@\n+{line} {name}\n"
            fix = Fix((Edit("/x", diff), step))
            found.append(replace(finding, claim=replace(finding.claim, fix=fix)))
        return replace(report, findings=tuple(found))


@pytest.mark.parametrize("shifts", [False, True])
def test_an_edit_is_another_one_if_its_lines_are(place: Path, shifts: bool) -> None:
    shop = Editing(place)
    shop.shifts = shifts
    before, _ = planning.plans(asyncio.run(shop.look()))
    (place / "a").touch()
    (after,), _ = planning.plans(asyncio.run(shop.look()))
    is_known = fix._plan_key(after) in map(fix._plan_key, before)
    assert is_known is not shifts


def test_undo_shows_what_it_will_do_and_asks(place: Path) -> None:
    shop = Shop(place, False, True)
    shop.fix()
    assert shop.undo(yes=False) == 0
    assert f"  $ rm {shop.file}\n" in shop.said
    assert "Nothing was changed." in shop.said
    assert shop.file.exists()
    shop.undo(yes=False)
    assert shop.asked == ["Undo it?"] * 2
    assert not shop.file.exists()


class Lasting(Shop):
    """What heals it cannot be taken back."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.step = Command(("env", "touch", str(self.file)), Effect.CHANGE)


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_what_nothing_takes_back_is_said_before_it_is_done_and_after(
    place: Path, lang: str
) -> None:
    shop = Lasting(place)
    line = f"$ env touch {shop.file}"
    stays = translate("undo.stays", lang)
    shop.fix(lang=lang)
    before, _, after = shop.said.partition(translate("fix.looking", lang))
    assert f"{stays}\n    {line}\n" in before
    assert translate("fix.healed-for-good", lang, steps=line) in after
    assert shop.undo(yes=False, lang=lang) == 0
    assert shop.asked == []
    assert translate("undo.none", lang) in shop.said
    assert f"{stays}\n  {line}\n" in shop.said
    assert translate("undo.done", lang) not in shop.said
    assert shop.file.exists()
    assert shop.undo() == 0
    assert "There is nothing to undo." in shop.said


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_where_a_part_can_be_taken_back_it_is_said_which_cannot(place: Path, lang: str) -> None:
    shop = Lasting(place)
    back, stays = place / "back", place / "stays"
    undo = Command(("env", "touch", str(back)), Effect.CHANGE, undo=("env", "rm", str(back)))
    shop.more = (undo, Command(("env", "touch", str(stays)), Effect.CHANGE))
    shop.fix(lang=lang)
    lines = f"$ env touch {stays}, $ env touch {shop.file}"
    assert lines in shop.said
    assert "--undo" in shop.said.partition(translate("fix.looking", lang))[2]
    assert shop.undo(lang=lang) == 0
    assert translate("undo.done-but", lang) in shop.said
    assert f"{translate('undo.stays', lang)}\n  $ env touch {stays}\n" in shop.said
    assert (back.exists(), stays.exists()) == (False, True)


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_an_undo_that_fails_is_no_success(place: Path, lang: str) -> None:
    shop = Shop(place)
    undo = ("sh", "-c", "echo no such rule >&2; exit 1")
    shop.step = Command(("env", "touch", str(shop.file)), Effect.CHANGE, undo=undo)
    shop.fix()
    assert shop.undo(lang=lang) == 2
    line = "$ sh -c 'echo no such rule >&2; exit 1'"
    assert translate("undo.failed", lang, step=line, why="no such rule") in shop.said


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_what_did_not_help_and_stays_is_said(place: Path, lang: str) -> None:
    shop = Shop(place)
    shop.step = Command(("env", "true"), Effect.CHANGE)
    assert shop.fix(lang=lang) == 2
    why = "listener.missing is still there"
    assert translate("fix.rolled-back-but", lang, why=why) in shop.said
    assert translate("undo.stays", lang, step="$ env true") in shop.said


def test_undo_twice_takes_back_once_and_then_says_that_nothing_is_left(place: Path) -> None:
    shop = Shop(place)
    shop.fix()
    assert (shop.undo(), shop.undo()) == (0, 0)
    assert shop.said.endswith("There is nothing to undo.\n")
