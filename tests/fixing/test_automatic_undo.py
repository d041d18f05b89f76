"""A fix that was cut off takes itself back: the script that is left beside the journal is run."""

import asyncio
import os
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from diagnose.fixing import automatic_undo, journal
from diagnose.fixing.remote_files import FILES, FixError, RemoteFiles
from diagnose.machine.local import LocalMachine
from diagnose.model import Command, Effect, Report, commands
from tests.lab.hosts import until
from tests.support.mended_site import CAUSE, NEW, OLD, Dying, Killed, Site
from tests.support.steps import touching

#: More commands than any fix of these takes.
MOST = 100


def boot(programs: Path | None = None) -> None:
    """What the unit does at boot, and the waiting shell after its deadline. `programs` is a folder
    of programs that stand before the machine's own."""
    script = Path(journal.OPEN_FOLDER, "undo.sh")
    path = ":".join(str(folder) for folder in (programs, os.environ["PATH"]) if folder)
    result = subprocess.run(
        ["sh", script, "boot"],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PATH": path},
    )
    assert (result.returncode, result.stderr) == (0, "")


def stop_waiting() -> None:
    text = f"{FILES}{automatic_undo._FUNCTIONS}current=$1; end_waiting"
    subprocess.run(["sh", "-c", text, "sh", journal.OPEN_FOLDER], check=True)


def waiting() -> list[int]:
    """The processes that wait for a fix of this test."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if journal.OPEN_FOLDER.encode() in (entry / "cmdline").read_bytes():
                found.append(int(entry.name))
        except OSError:
            continue
    return found


def unreported(site: Site) -> list[str]:
    return [one.check for one in asyncio.run(journal.unreported_entries(LocalMachine()))]


@pytest.mark.parametrize("first", range(4))
def test_killed_anywhere_all_is_as_before_or_healed(site: Site, first: int) -> None:
    """At each fourth command from the first one on, before or after it."""
    made = site.file.with_name("made")
    touch = touching(made, "-f")
    mode = replace(commands.chmod("644", str(site.file), before=0o640), undo=())
    undone = 0
    for at in range(first, MOST, 4):
        site.machine = Dying(at, after=bool(first % 2))
        try:
            site.fix(site.plan(touch, mode))
        except Killed:
            pass
        else:
            break
        finally:
            site.machine = LocalMachine()
        if Path(journal.OPEN_FOLDER, "deadline").exists():
            stop_waiting()
            boot()
            undone += 1
            assert not Path(journal.OPEN_FOLDER).exists()
            assert unreported(site) == [CAUSE]
            assert unreported(site) == []
        elif (written := site.latest()) and written.state == "healed":
            assert (site.file.read_text(), made.exists()) == (NEW, True)
            site.undo()
        else:
            asyncio.run(journal.discard(LocalMachine()))
        assert (site.file.read_text(), made.exists()) == (OLD, False)
        assert site.file.stat().st_mode & 0o777 == 0o640
        assert waiting() == []
    assert undone > 2


def test_it_waits_and_takes_back_by_itself(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """In its own time: nobody is there any more."""
    monkeypatch.setattr(automatic_undo, "DEADLINE", 6)

    async def killed() -> Report:
        raise Killed

    with pytest.raises(Killed):
        site.fix(site.plan(), killed)
    assert site.file.read_text() == NEW
    until(lambda: not Path(journal.OPEN_FOLDER).exists(), "it takes itself back", timeout=60)
    assert site.file.read_text() == OLD
    assert unreported(site) == [CAUSE]
    until(lambda: not waiting(), "it ends", timeout=60)


def test_at_boot_it_waits_for_no_service(site: Site, tmp_path: Path) -> None:
    """Services start after it: `systemctl start` would not end before it."""

    async def killed() -> Report:
        raise Killed

    step = replace(touching(tmp_path / "made", "-f"), undo=("systemctl", "start", "shop.service"))
    with pytest.raises(Killed):
        site.fix(site.plan(step), killed)
    stop_waiting()
    programs, arguments = tmp_path / "programs", tmp_path / "arguments"
    programs.mkdir()
    systemctl = programs / "systemctl"
    systemctl.write_text(f'#!/bin/sh\necho "$*" >>{arguments}\n')
    systemctl.chmod(0o755)
    boot(programs)
    assert "--no-block start shop.service\n" in arguments.read_text()


def test_what_comes_to_its_end_leaves_nothing_waiting(site: Site) -> None:
    assert site.fix(site.plan()).state == "healed"
    assert waiting() == []
    assert unreported(site) == []


def test_what_was_rolled_back_leaves_nothing_waiting(site: Site) -> None:
    async def look() -> Report:
        return site.report(CAUSE)

    assert site.fix(site.plan(), look).state == "rolled-back"
    assert waiting() == []
    assert unreported(site) == []


def test_what_somebody_wrote_since_is_not_lost(site: Site) -> None:
    async def killed() -> Report:
        raise Killed

    with pytest.raises(Killed):
        site.fix(site.plan(), killed)
    stop_waiting()
    site.file.write_text(NEW + "theirs\n")
    boot()
    assert site.file.read_text() == NEW + "theirs\n"


def test_a_fix_that_is_too_slow_says_so(site: Site) -> None:
    """It was taken back while it slept: what it sees then is not called healed."""

    async def look() -> Report:
        stop_waiting()
        boot()
        return site.report()

    done = site.fix(site.plan(), look)
    assert done.state == "stuck"
    assert site.file.read_text() == OLD


def test_a_look_that_takes_longer_than_the_wait_prolongs_it(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(automatic_undo, "DEADLINE", 6)

    def wait_until_prolonged() -> None:
        deadline = Path(journal.OPEN_FOLDER, "deadline")
        first = deadline.read_text()
        until(lambda: deadline.read_text() != first, "it is prolonged", timeout=60)

    async def look() -> Report:
        await asyncio.to_thread(wait_until_prolonged)
        return site.report()

    assert site.fix(site.plan(), look).state == "healed"


def test_nobody_prolongs_what_was_taken_back(site: Site) -> None:
    hands = RemoteFiles(LocalMachine(), str(site.file.parent))
    with pytest.raises(FixError, match="taken back by itself"):
        asyncio.run(automatic_undo.prolong(hands))


@pytest.mark.parametrize(
    ("step", "line"),
    [
        (
            Command(("nft", "add", "rule", "inet", "guard", "forward", "accept"), Effect.CHANGE),
            "list_chain 0 nft -s -a list chain inet guard forward && "
            "added_rule 0 accept inet guard forward",
        ),
        (
            Command(
                ("nft", "delete", "rule", "inet", "guard", "input", "handle", "7"),
                Effect.CHANGE,
                undo=("nft", "insert", "rule", "inet", "guard", "input", "tcp", "drop"),
            ),
            "list_chain 0 nft -s -a list chain inet guard input && "
            "deleted_rule 0 7 inet guard input tcp drop",
        ),
        (
            Command(
                ("iptables", "-I", "INPUT", "-j", "x"),
                Effect.CHANGE,
                undo=("iptables", "-D", "INPUT", "1"),
            ),
            "list_chain 0 iptables -S INPUT && iptables -D INPUT 1",
        ),
        (
            Command(("firewall-cmd", "a b"), Effect.CHANGE, undo=("firewall-cmd", "$x")),
            "firewall-cmd '$x'",
        ),
        (Command(("true",), Effect.CHANGE), ""),
    ],
)
def test_each_step_has_its_way_back(step: Command, line: str) -> None:
    assert automatic_undo._undo_command(0, step) == line


def test_what_has_only_just_begun_to_wait_has_ended_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It leads no group of processes yet, and takes a moment to end."""
    monkeypatch.setattr(journal, "OPEN_FOLDER", str(tmp_path))
    ready = tmp_path / "ready"
    slowly = f"trap 'sleep 0.2; exit 0' TERM; touch {ready}; while :; do sleep 0.01; done"
    process = subprocess.Popen(["sh", "-c", slowly])
    try:
        until(ready.exists, "it is there")
        (tmp_path / "waiting").write_text(f"{process.pid}\n")
        stop_waiting()
        # It has ended, and this test has taken no note of it yet: no words are left of it.
        assert Path(f"/proc/{process.pid}/cmdline").read_bytes() == b""
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize("edits", [True, False])
@pytest.mark.parametrize("first", range(2))
def test_a_program_that_was_stopped_is_started_again(
    site: Site, tmp_path: Path, edits: bool, first: int
) -> None:
    """A restart that was cut off between its stop and its start. The program is a file."""
    program = tmp_path / "program"
    stop = Command(("env", "sh", "-c", f"rm {program} 2>/dev/null"), Effect.STOP)
    start = Command(("env", "touch", str(program)), Effect.START, undo=("rm", str(program)))
    plan = site.plan(stop, start) if edits else site.commands(stop, start)
    undone = 0
    for at in range(first, MOST, 2):
        program.touch()
        site.machine = Dying(at, after=bool(first))
        try:
            site.fix(plan)
        except Killed:
            pass
        else:
            break
        finally:
            site.machine = LocalMachine()
        if Path(journal.OPEN_FOLDER, "deadline").exists():
            stop_waiting()
            if at % 3:
                boot()
            else:
                site.undo()
            undone += 1
            assert program.exists(), at
            unreported(site)
        elif (entry := site.latest()) and entry.state == "healed":
            site.undo()
        else:
            asyncio.run(journal.discard(LocalMachine()))
        assert site.file.read_text() == OLD
        assert waiting() == []
    assert undone > 2
