"""A plan carried out by the real door in a folder of its own: edits and commands that are small,
and all that can go wrong with them."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from diagnose import fixing
from diagnose.fixing import FixInProgress, JournalEntry, Outcome, Plan, Residue, journal
from diagnose.machine.local import LocalMachine
from diagnose.model import Claim, Command, Edit, Effect, Finding, Fix, Report, Subject, commands
from diagnose.model.server import Listeners
from diagnose.parsers.nginx.edits import diff
from tests.support.check_evidence import evidence
from tests.support.report_builder import check
from tests.support.steps import touching

CAUSE = "websocket.upgrade-headers-missing"
OLD, NEW = "a\nb\nc\n", "a\nB\nc\n"


class Site:
    """A file that is the whole site: healthy when it holds the new text."""

    def __init__(self, root: Path) -> None:
        self.file = root / "site.conf"
        self.file.write_text(OLD)
        self.file.chmod(0o640)
        self.machine = LocalMachine()
        self.told: list[str] = []
        self.edit = Edit(str(self.file), diff(str(self.file), OLD, NEW))

    def plan(self, *more: Command) -> Plan:
        steps: tuple[Command | Edit, ...] = (self.edit, *more)
        claim = Claim(about=Subject(port=443), because=(), fix=Fix(steps))
        return Plan(Finding("f1", check(CAUSE), claim), steps)

    def commands(self, *steps: Command) -> Plan:
        claim = Claim(about=Subject(port=443), because=(), fix=Fix(steps))
        return Plan(Finding("f1", check(CAUSE), claim), steps)

    async def well(self) -> Report:
        return self.report()

    def report(self, *causes: str) -> Report:
        found = [
            Finding(f"f{n}", check(one), Claim(about=Subject(port=443), because=()))
            for n, one in enumerate(causes, 1)
        ]
        return Report(evidence(Listeners()), tuple(found))

    async def look(self) -> Report:
        return self.report(*([] if self.file.read_text() == NEW else [CAUSE]))

    def tell(self, what: str, step: Command | Edit | None) -> None:
        self.told.append(what)

    def fix(self, plan: Plan, look: Callable[[], Awaitable[Report]] | None = None) -> Outcome:
        before = self.report(CAUSE)
        return asyncio.run(
            fixing.apply_plan(
                self.machine, plan, before, "2026-11-24", look or self.look, self.tell
            )
        )

    def latest(self) -> JournalEntry | None:
        return asyncio.run(fixing.latest_entry(self.machine))

    def undo(self) -> tuple[Residue, ...]:
        """What it could not take back."""
        written = self.latest()
        assert written is not None
        return asyncio.run(fixing.roll_back(self.machine, written, self.tell))

    def ways(self) -> list[str]:
        written = self.latest()
        assert written is not None
        return [
            f"{way.action} {' '.join(way.step.argv) if way.step else way.path}"
            for way in asyncio.run(fixing.undo_plan(self.machine, written))
        ]


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    monkeypatch.setattr(journal, "STATE_FOLDER", str(tmp_path / "diagnose"))
    monkeypatch.setattr(journal, "OPEN_FOLDER", str(tmp_path / "diagnose" / "current"))
    monkeypatch.setattr("diagnose.fixing.apply.RETRY_DELAYS", (0.0, 0.0))
    return Site(tmp_path)


def names(site: Site) -> set[str]:
    return {path.name for path in site.file.parent.iterdir()}


def test_it_heals_and_can_be_taken_back_to_the_byte(site: Site) -> None:
    before = site.file.stat()
    done = site.fix(site.plan())
    assert (done.state, done.error) == ("healed", "")
    assert site.file.read_text() == NEW
    assert site.file.stat().st_mode == before.st_mode
    assert names(site) == {"site.conf", "diagnose"}
    site.undo()
    assert site.file.read_text() == OLD
    assert (site.file.stat().st_mode, site.file.stat().st_mtime) == (
        before.st_mode,
        before.st_mtime,
    )
    assert names(site) == {"site.conf", "diagnose"}
    assert site.latest() is None


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


def test_a_fix_that_did_not_help_says_what_of_it_stays(site: Site) -> None:
    ended = Command(("env", "true"), Effect.CHANGE)
    done = site.fix(site.commands(ended))
    assert (done.state, done.residues) == ("rolled-back", (Residue("stays", ended),))


def test_what_a_link_leads_to_is_edited_and_the_link_stays(site: Site) -> None:
    real = site.file.rename(site.file.with_name("real.conf"))
    site.file.symlink_to(real)
    assert site.fix(site.plan()).state == "healed"
    assert site.file.is_symlink()
    assert real.read_text() == NEW
    site.undo()
    assert (site.file.is_symlink(), real.read_text()) == (True, OLD)


def test_what_did_not_help_is_taken_back(site: Site) -> None:
    async def look() -> Report:
        return site.report(CAUSE)

    done = site.fix(site.plan(), look)
    assert done.state == "rolled-back"
    assert done.error == f"{CAUSE} is still there"
    assert site.file.read_text() == OLD


def test_what_broke_something_else_is_taken_back(site: Site) -> None:
    async def look() -> Report:
        return site.report("listener.missing")

    done = site.fix(site.plan(), look)
    assert (done.state, done.error) == ("rolled-back", "listener.missing is there now")


def test_what_comes_to_light_behind_it_is_no_reason_to_take_it_back(site: Site) -> None:
    async def look() -> Report:
        return site.report("certificate.expired")

    assert site.fix(site.plan(), look).state == "healed"


def test_a_step_that_fails_takes_all_before_it_back(site: Site) -> None:
    made = site.file.with_name("made")
    touch = touching(made)
    done = site.fix(
        site.plan(touch, Command(("sh", "-c", "echo no such thing >&2; exit 1"), Effect.CHANGE))
    )
    assert done.state == "rolled-back"
    assert "no such thing" in done.error
    assert names(site) == {"site.conf", "diagnose"}
    assert site.file.read_text() == OLD


def test_of_what_nginx_says_the_line_with_the_reason_is_told(site: Site) -> None:
    says = 'echo "nginx: [emerg] unknown in /a.conf:3" >&2; echo "test failed" >&2; exit 1'
    done = site.fix(site.plan(Command(("sh", "-c", says), Effect.CHANGE)))
    assert done.error.endswith(": nginx: [emerg] unknown in /a.conf:3")


def test_a_file_that_changed_since_it_was_looked_at_is_left_alone(site: Site) -> None:
    site.file.write_text("something else\n")
    done = site.fix(site.plan())
    assert done.state == "untouched"
    assert "has changed since it was looked at" in done.error
    assert site.file.read_text() == "something else\n"
    assert site.latest() is None


def test_what_somebody_wrote_meanwhile_is_not_lost_by_an_undo(site: Site) -> None:
    site.fix(site.plan())
    site.file.write_text(NEW + "theirs\n")
    with pytest.raises(fixing.FixError, match="changed by somebody else"):
        site.undo()
    assert site.file.read_text() == NEW + "theirs\n"


def test_bytes_that_are_no_text_are_not_edited(site: Site) -> None:
    site.file.write_bytes(b"a\nb\nc\n\xff\n")
    done = site.fix(site.plan())
    assert done.state == "untouched"
    assert "UTF-8" in done.error
    assert site.file.read_bytes() == b"a\nb\nc\n\xff\n"


def test_where_nothing_can_be_saved_nothing_is_changed(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocked = site.file.with_name("blocked")
    blocked.touch()
    monkeypatch.setattr(journal, "STATE_FOLDER", str(blocked))
    monkeypatch.setattr(journal, "OPEN_FOLDER", str(blocked / "current"))
    done = site.fix(site.plan())
    assert done.state == "untouched"
    assert "blocked" in done.error
    assert site.file.read_text() == OLD


def test_two_fixes_are_kept_apart(site: Site) -> None:
    asyncio.run(journal.open_journal(site.machine))
    with pytest.raises(FixInProgress) as caught:
        site.fix(site.plan())
    assert caught.value.entry is None
    assert site.file.read_text() == OLD


class Dying(LocalMachine):
    """A door whose owner is killed before, or after, its command of a number."""

    def __init__(self, at: int, after: bool) -> None:
        self.left, self.after = at, after

    async def run(self, *argv: str, timeout: float = 8.0) -> Any:
        self.left -= 1
        if self.left < 0 and not self.after:
            raise Killed
        ran = await super().run(*argv, timeout=timeout)
        if self.left < 0:
            raise Killed
        return ran


class Killed(BaseException):
    pass


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
                asyncio.run(fixing.forget(site.machine))
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


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("back", [False, True])
def test_killed_anywhere_it_ends_in_one_of_the_two_right_states(
    site: Site, after: bool, back: bool
) -> None:
    made = site.file.with_name("made")
    touch = touching(made, "-f")
    for at in range(100):
        site.machine = Dying(at, after)
        try:
            site.fix(site.plan(touch))
        except Killed:
            pass
        else:
            break
        site.machine = LocalMachine()
        assert site.file.read_text() in {OLD, NEW}
        written = site.latest()
        if written is None:
            asyncio.run(fixing.forget(site.machine))
        elif back or written.state == "healed":
            site.undo()
        else:
            before = site.report(CAUSE)
            done = asyncio.run(fixing.resume(site.machine, written, before, site.look, site.tell))
            assert done.state == "healed"
            assert (site.file.read_text(), made.exists()) == (NEW, True)
            site.undo()
        assert (site.file.read_text(), made.exists()) == (OLD, False)
        assert names(site) <= {"site.conf", "diagnose"}
    assert at > 8


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
