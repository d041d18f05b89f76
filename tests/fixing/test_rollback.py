"""A fix is taken back: what comes back, what stays, and what somebody else has changed since."""

import asyncio
from dataclasses import replace

import pytest

from diagnose.fixing import journal as journals
from diagnose.fixing.plan import Plan
from diagnose.fixing.remote_files import FixError
from diagnose.fixing.rollback import Residue
from diagnose.machine.local import LocalMachine
from diagnose.model import Claim, Command, Effect, Finding, Fix, Report, Subject, commands
from tests.support.mended_site import CAUSE, NEW, OLD, Dying, Killed, Site
from tests.support.report_builder import check
from tests.support.steps import touching


def test_the_way_back_is_told_before_it_is_gone(site: Site) -> None:
    made, reads = site.file.with_name("made"), site.file.with_name("reads")
    touch = Command(("env", "touch", str(made)), Effect.CHANGE, undo=("env", "rm", str(made)))
    reload = Command(("env", "sh", "-c", f"echo >> {reads}"), Effect.RELOAD)
    site.fix(site.plan(touch, reload))
    assert site.ways() == [
        f"undo env rm {made}",
        f"restore {site.file}",
        f"again {' '.join(reload.argv)}",
    ]
    assert site.undo() == ()
    assert reads.read_text() == "\n\n"


def test_what_nothing_takes_back_is_left_and_not_done_again(site: Site) -> None:
    restarts = site.file.with_name("restarts")
    restart = Command(("env", "sh", "-c", f"echo >> {restarts}"), Effect.RESTART)
    ended = Command(("env", "true"), Effect.CHANGE)
    site.fix(site.commands(ended, restart), site.well)
    assert site.ways() == [f"stays {' '.join(step.argv)}" for step in (ended, restart)]
    assert site.undo() == (Residue("stays", ended), Residue("stays", restart))
    assert restarts.read_text() == "\n"
    assert site.latest() is None


def test_an_undo_that_fails_is_left_with_the_reason(site: Site) -> None:
    undo = ("sh", "-c", "echo no such rule >&2; exit 1")
    site.fix(site.commands(Command(("true",), Effect.CHANGE, undo=undo)), site.well)
    assert site.undo() == (Residue("failed", Command(undo, Effect.CHANGE), "no such rule"),)


def test_files_that_are_not_taken_as_they_were_are_left_with_the_reason(site: Site) -> None:
    """It was refused before the fix, too."""
    check = f"grep -q B {site.file} || {{ echo no B >&2; exit 1; }}"
    test, reload = (
        Command(("env", "sh", "-c", check), effect) for effect in (Effect.TEST, Effect.RELOAD)
    )
    assert site.fix(site.plan(test, reload)).state == "healed"
    assert site.undo() == (Residue("not-read", test, "no B"),)
    assert site.file.read_text() == OLD


def test_what_somebody_wrote_meanwhile_is_not_lost_by_an_undo(site: Site) -> None:
    site.fix(site.plan())
    site.file.write_text(NEW + "theirs\n")
    with pytest.raises(FixError, match="changed by somebody else"):
        site.undo()
    assert site.file.read_text() == NEW + "theirs\n"


def test_of_two_fixes_in_one_second_the_last_is_taken_back_first(site: Site) -> None:
    other = site.file.with_name("other")
    touch = touching(other, "-f")
    site.fix(site.plan(touch))
    second = Site(site.file.parent / "diagnose")
    assert second.fix(second.plan()).state == "healed"
    second.undo()
    assert (second.file.read_text(), site.file.read_text()) == (OLD, NEW)
    site.undo()
    assert (site.file.read_text(), other.exists()) == (OLD, False)
    assert site.latest() is None


def test_a_mode_that_was_changed_is_set_back_wherever_it_is_killed(site: Site) -> None:
    wider = replace(commands.chmod("644", str(site.file), before=0o640), undo=())
    claim = Claim(about=Subject(port=443), because=(), fix=Fix((wider,)))
    plan = Plan(Finding("f1", check(CAUSE), claim), (wider,))

    async def look() -> Report:
        return site.report(*([] if site.file.stat().st_mode & 0o004 else [CAUSE]))

    for at in range(60):
        site.machine = Dying(at, after=bool(at % 2))
        try:
            site.fix(plan, look)
        except Killed:
            site.machine = LocalMachine()
            if site.latest() is None:
                asyncio.run(journals.discard(site.machine))
            else:
                site.undo()
        else:
            break
        assert site.file.stat().st_mode & 0o777 == 0o640
    assert at > 6
    assert site.file.stat().st_mode & 0o777 == 0o644
    site.machine = LocalMachine()
    site.undo()
    assert site.file.stat().st_mode & 0o777 == 0o640


def test_what_an_undo_has_done_is_not_done_again_when_it_is_begun_anew(site: Site) -> None:
    """A second time it would fail."""
    made, other = site.file.with_name("made"), site.file.with_name("other")
    touch = [
        Command(("env", "touch", str(one)), Effect.CHANGE, undo=("env", "rm", str(one)))
        for one in (made, other)
    ]
    for at in range(100):
        site.machine = LocalMachine()
        site.fix(site.commands(*touch), site.well)
        site.machine = Dying(at, after=bool(at % 2))
        try:
            assert site.undo() == ()
        except Killed:
            site.machine = LocalMachine()
            if site.latest() is not None:
                assert site.undo() == ()
        else:
            break
        assert not made.exists()
        assert not other.exists()
    assert at > 6


def test_an_undo_that_is_killed_can_be_begun_anew(site: Site) -> None:
    for at in range(100):
        site.machine = LocalMachine()
        site.fix(site.plan())
        site.machine = Dying(at, after=True)
        try:
            site.undo()
        except Killed:
            assert site.file.read_text() in {OLD, NEW}
            site.machine = LocalMachine()
            if site.latest() is not None:
                site.undo()
        else:
            break
        assert site.file.read_text() == OLD
    assert at > 3
