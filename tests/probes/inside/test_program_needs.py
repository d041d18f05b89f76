"""What a program lacks by its own words: asked of the server once, after such a line."""

import asyncio

import pytest

from diagnose.machine import CommandResult
from diagnose.model.processes import Starter
from diagnose.model.program_logs import FailedUnit, ProgramLine
from diagnose.model.services import ProgramNeed
from diagnose.probes.inside import own_settings, program_needs, running_needs, unit_corrections
from tests.support.fake_context import Looking
from tests.support.recorded_machine import RecordedMachine

PLACE = (
    "process 812 uwsgi\nfolder /srv/shop\nwords /usr/bin/uwsgi\037--ini\037/srv/shop/u.ini\037\n"
    "unit shop.service\n"
)
BUILT = (
    "=exec node \n=user deploy\n=manager pm2\n=pm2 /usr/bin/pm2\n=folder /home/deploy/shop\n"
    "=owner deploy\n=home /home/deploy\n=tool /usr/bin/npm\n=builds yes\n=modules yes\n"
)
TABLES = (
    "=manager running\n=folder /srv/shop\n=owner deploy\n=tool /srv/shop/venv/bin/python3\n"
    "=runs django\n"
)
LOG = "/home/deploy/.pm2/logs/shop-error.log"
UNIT = FailedUnit(
    unit="shop", state="", endpoint="3000", manager="pm2", is_local=True,
    message="Error: Could not find a production build in the '.next' directory",
    equivalent=f"tail -n 60 {LOG}",
)  # fmt: skip
LINE = ProgramLine(
    message="django.db.utils.OperationalError: no such table: auth_user", weight=3,
    endpoint="8000", process="shop (gunicorn)", equivalent="journalctl -u shop.service",
)  # fmt: skip


class Programs(RecordedMachine):
    """Answers where the program lives, what it lacks, and its journal."""

    def __init__(self, answer: str, journal: str = "") -> None:
        super().__init__({})
        self.answer, self.journal = answer, journal
        self.asked: list[tuple[str, ...]] = []

    async def run(self, *argv: str, timeout: float = 8.0) -> CommandResult:
        text = self.journal if argv[0] == "journalctl" else ""
        if argv[2] == unit_corrections.SCRIPT:
            self.asked.append(argv[4:])
            text = self.answer
        elif argv[2] == own_settings.SCRIPT:
            text = PLACE
        return CommandResult(argv, 0, text, "", 0.0)


async def after(looking: Looking, line: ProgramLine) -> None:
    await running_needs.need_of_line.work(looking, line)


def test_a_program_of_pm2_that_was_not_built() -> None:
    machine = Programs(BUILT)
    looking = Looking(machine)
    asyncio.run(program_needs.emit_need_of_unit(looking, UNIT))
    (need,) = looking.observed(ProgramNeed)
    assert machine.asked == [("shop", "build", "", "pm2", LOG)]
    assert need.build
    assert need.starter == Starter(
        "pm2", "", "", "shop", "/usr/bin/pm2", "/home/deploy/.pm2", "deploy"
    )


def test_a_running_program_without_its_tables() -> None:
    machine = Programs(TABLES)
    looking = Looking(machine)
    asyncio.run(after(looking, LINE))
    (need,) = looking.observed(ProgramNeed)
    assert (need.unit, need.lack, need.installer) == ("shop", "table", "django")
    assert machine.asked == [("812", "table", "", "running", "")]


def test_what_uwsgi_wrote_when_it_started() -> None:
    journal = "ModuleNotFoundError: No module named 'website'\nspawned uWSGI worker 1\n"
    text = "=manager running\n=project shop\n=setting /srv/shop/uwsgi.ini:2:module=website.wsgi\n"
    machine = Programs(text, journal)
    looking = Looking(machine)
    line = ProgramLine(
        message="--- no python application found, check your startup logs for errors ---",
        weight=2, endpoint="/run/shop.sock", process="shop (uwsgi)",
        equivalent="journalctl -u shop.service",
    )  # fmt: skip
    asyncio.run(after(looking, line))
    (need,) = looking.observed(ProgramNeed)
    assert (need.edited, need.number, need.new) == ("/srv/shop/uwsgi.ini", 2, "module=shop.wsgi")


@pytest.mark.parametrize("message", ["ValueError: 3", "the disk is full", ""])
def test_nothing_is_asked_after_other_words(message: str) -> None:
    machine = Programs(TABLES)
    line = ProgramLine(message=message, weight=3, endpoint="8000", equivalent="x")
    asyncio.run(after(Looking(machine), line))
    assert not machine.asked
