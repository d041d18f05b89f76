"""The journal of a fix: what it holds, and that there is one at a time."""

import asyncio
import json
from dataclasses import replace
from pathlib import Path

import pytest

from diagnose.fixing import journal
from diagnose.fixing.journal import FixInProgress
from diagnose.model import Command, Effect, commands
from tests.support.mended_site import OLD, Site
from tests.support.steps import touching


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


def journal_of(site: Site) -> Path:
    written = site.latest()
    assert written is not None
    return Path(written.folder, "journal")


def test_it_holds_what_each_command_does(site: Site) -> None:
    reload = Command(("env", "true"), Effect.RELOAD)
    site.fix(site.plan(reload))
    plan = json.loads(journal_of(site).read_text().splitlines()[0])
    assert plan["steps"][1] == {
        "argv": ["env", "true"],
        "undo": [],
        "effect": "reload",
        "changes": [],
        "aspect": "content",
    }
    written = site.latest()
    assert written is not None
    assert written.steps == (site.edit, reload)
    assert (written.begun, written.ended, written.state) == ((0, 1), (0, 1), "healed")


def test_a_line_that_was_cut_off_was_not_begun(site: Site) -> None:
    site.fix(site.plan())
    with journal_of(site).open("a") as file:
        file.write('{"event": "undo')
    written = site.latest()
    assert written is not None
    assert written.state == "healed"


def test_a_fix_of_an_earlier_version_is_taken_back(site: Site) -> None:
    """Its journal holds nothing but the arguments and the undo of a command."""
    made, reads = site.file.with_name("made"), site.file.with_name("reads")
    wider = replace(commands.chmod("644", str(reads), before=0o600), undo=())
    reload = Command(("env", "sh", "-c", f"echo >> {reads}", "reload"), Effect.RELOAD)
    reads.touch(mode=0o600)
    site.fix(site.plan(touching(made), wider, reload))
    path = journal_of(site)
    plan, *later = path.read_text().splitlines()
    record = json.loads(plan)
    for step in record["steps"][1:]:
        del step["effect"], step["changes"], step["aspect"]
    path.write_text("\n".join((json.dumps(record), *later, "")))
    assert reads.stat().st_mode & 0o777 == 0o644
    assert site.undo() == ()
    assert (site.file.read_text(), made.exists(), reads.read_text()) == (OLD, False, "\n\n")
    assert reads.stat().st_mode & 0o777 == 0o600
