"""A plan carried out by the real door in a folder of its own: edits and commands that are small,
and all that can go wrong with them."""

import asyncio

import pytest

from diagnose.fixing import apply
from diagnose.fixing import journal as journals
from diagnose.fixing.rollback import Residue
from diagnose.machine.local import LocalMachine
from diagnose.model import Command, Effect, Report
from tests.support.mended_site import CAUSE, NEW, OLD, Dying, Killed, Site, names
from tests.support.steps import touching


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


def test_a_file_whose_mode_and_text_change_is_kept_whole(site: Site) -> None:
    path = str(site.file)
    readable = Command(("chmod", "644", path), Effect.CHANGE, changes=(path,), aspect="permissions")
    assert site.fix(site.commands(readable, site.edit)).state == "healed"
    assert (site.file.read_text(), site.file.stat().st_mode & 0o777) == (NEW, 0o644)
    site.undo()
    assert (site.file.read_text(), site.file.stat().st_mode & 0o777) == (OLD, 0o640)


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


def test_bytes_that_are_no_text_are_not_edited(site: Site) -> None:
    site.file.write_bytes(b"a\nb\nc\n\xff\n")
    done = site.fix(site.plan())
    assert done.state == "untouched"
    assert "UTF-8" in done.error
    assert site.file.read_bytes() == b"a\nb\nc\n\xff\n"


@pytest.mark.parametrize("back", [False, True])
def test_killed_anywhere_it_ends_in_one_of_the_two_right_states(site: Site, back: bool) -> None:
    """Before each of its commands; that is after the one before it."""
    made = site.file.with_name("made")
    touch = touching(made, "-f")
    for at in range(100):
        site.machine = Dying(at, after=False)
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
            asyncio.run(journals.discard(site.machine))
        elif back or written.state == "healed":
            site.undo()
        else:
            before = site.report(CAUSE)
            result = asyncio.run(apply.resume(site.machine, written, before, site.look, site.tell))
            assert result.state == "healed"
            assert (site.file.read_text(), made.exists()) == (NEW, True)
            site.undo()
        assert (site.file.read_text(), made.exists()) == (OLD, False)
        assert names(site) <= {"site.conf", "diagnose"}
    assert at > 8
