"""A site that is one file: a fix changes it by the real door, in a folder of its own."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from diagnose.fixing import apply, rollback
from diagnose.fixing import journal as journals
from diagnose.fixing.apply import Outcome
from diagnose.fixing.journal import JournalEntry
from diagnose.fixing.plan import Plan
from diagnose.fixing.rollback import Residue
from diagnose.machine.local import LocalMachine
from diagnose.model import Claim, Command, Edit, Finding, Fix, Report, Subject
from diagnose.model.server import Listeners
from diagnose.parsers.nginx.edits import diff
from tests.support.check_evidence import evidence
from tests.support.report_builder import check

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

    def commands(self, *steps: Command | Edit) -> Plan:
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
            apply.apply_plan(self.machine, plan, before, "2026-11-24", look or self.look, self.tell)
        )

    def latest(self) -> JournalEntry | None:
        return asyncio.run(journals.latest_entry(self.machine))

    def undo(self) -> tuple[Residue, ...]:
        """What it could not take back."""
        written = self.latest()
        assert written is not None
        return asyncio.run(rollback.roll_back(self.machine, written, self.tell))

    def ways(self) -> list[str]:
        written = self.latest()
        assert written is not None
        return [
            f"{way.action} {' '.join(way.step.argv) if way.step else way.path}"
            for way in asyncio.run(rollback.undo_plan(self.machine, written))
        ]


def names(site: Site) -> set[str]:
    return {path.name for path in site.file.parent.iterdir()}


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
