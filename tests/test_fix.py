"""What `diagnose fix` says and asks: the server is only a report, the door to it is real."""

import asyncio
from pathlib import Path

import pytest

from diagnose import fix
from diagnose.fixing import journal
from diagnose.machine.local import LocalMachine
from diagnose.model import Applicability, Claim, Command, Finding, Fix, Report, Subject, Vantage
from diagnose.model import Host as Server
from diagnose.model.server import Listeners
from diagnose.outputs import View
from diagnose.outputs.strings import say
from tests.reports import check
from tests.saying import evidence

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
        self.step = Command(("touch", str(self.file)), undo=("rm", str(self.file)))

    async def look(self) -> Report:
        fixed = Fix((self.step,), self.how)
        facts = {"port": 443, "tls": True, "unsure": False}
        claim = Claim(about=Subject(port=443), because=(), fix=fixed, facts=facts)
        found = () if self.file.exists() else (Finding("f1", check("listener.missing"), claim),)
        seen = (ON_THE_SERVER, Listeners()) if self.here else (Listeners(),)
        return Report(evidence(*seen), found)

    def ask(self, question: str) -> bool:
        self.asked.append(question)
        return self.answers.pop(0)

    def write(self, text: str) -> None:
        self.said += text

    def fix(self, yes: bool = True, dry: bool = False, lang: str = "en") -> int:
        talk = fix.Talk(View(lang=lang), self.write, None if yes else self.ask, dry)
        return asyncio.run(fix.fix(LocalMachine(), self.look, talk))

    def undo(self) -> int:
        talk = fix.Talk(View(), self.write, None)
        return asyncio.run(fix.undo(LocalMachine(), talk))


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(journal, "PLACE", str(tmp_path / "diagnose"))
    monkeypatch.setattr(journal, "CURRENT", str(tmp_path / "diagnose" / "current"))
    monkeypatch.setattr("diagnose.fixing.work.PAUSES", (0.0, 0.0))
    return tmp_path


def test_it_shows_asks_does_and_says_that_it_helped(place: Path) -> None:
    shop = Shop(place, True)
    assert shop.fix(yes=False) == 0
    assert shop.asked == ["Do this? [y/N] "]
    assert f"$ touch {shop.file}" in shop.said
    assert "It helped" in shop.said
    assert shop.file.exists()
    assert shop.undo() == 0
    assert not shop.file.exists()
    assert "All is as it was before." in shop.said


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
    assert say(f"fix.left.{how}", lang) in shop.said
    assert not shop.file.exists()


def test_from_another_machine_it_says_where_to_do_it(place: Path) -> None:
    shop = Shop(place)
    shop.here = False
    assert shop.fix() == 2
    assert "--server ssh://" in shop.said
    assert not shop.file.exists()


def test_where_nothing_is_wrong_nothing_is_asked(place: Path) -> None:
    shop = Shop(place)
    shop.file.touch()
    assert shop.fix(yes=False) == 0
    assert shop.asked == []
    assert "There is nothing to fix." in shop.said
    assert shop.undo() == 0
    assert "There is nothing to take back." in shop.said


def test_what_did_not_help_is_said_to_have_been_taken_back(place: Path) -> None:
    shop = Shop(place)
    other = place / "other"
    shop.step = Command(("touch", str(other)), undo=("rm", str(other)))
    assert shop.fix() == 2
    assert "It did not help and was taken back: listener.missing is still there." in shop.said
    assert not other.exists()
