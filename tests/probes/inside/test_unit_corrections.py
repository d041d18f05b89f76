"""What the unit of a service that could not start needs: read only after such a failure."""

import asyncio

import pytest

from diagnose.machine import CommandResult
from diagnose.model.services import StartNeed, UnitCorrection
from diagnose.probes.inside import failed_services, unit_corrections
from tests.support.fake_context import Looking
from tests.support.recorded_machine import RecordedMachine

CHDIR = "shop.service: Failed at step CHDIR spawning /usr/bin/node: No such file or directory"
FOUND = "=exec /usr/bin/node /srv/shop/app.js\n=user\n=wrong /srv/shp\n=folder /srv/shop\n"


class Units(RecordedMachine):
    """Answers the list of services, and the question about one unit."""

    def __init__(self, journal: str) -> None:
        super().__init__({})
        self.journal = journal
        self.asked: list[tuple[str, ...]] = []

    async def run(self, *argv: str, timeout: float = 8.0) -> CommandResult:
        if argv[2] == unit_corrections.SCRIPT:
            self.asked.append(argv[4:])
            return CommandResult(argv, 0, FOUND, "", 0.0)
        text = f"unit shop.service failed - yes yes systemd\n {self.journal}\n"
        is_list = argv[2] == failed_services.SCRIPT
        return CommandResult(argv, 0, text if is_list else "", "", 0.0)


def look(journal: str) -> tuple[Looking, Units]:
    machine = Units(journal)
    looking = Looking(machine)
    asyncio.run(failed_services.look_at_units(looking, "3000"))
    return looking, machine


def test_the_folder_that_the_unit_needs() -> None:
    looking, machine = look(CHDIR)
    (correction,) = looking.observed(UnitCorrection)
    assert (correction.unit, correction.lines) == ("shop", ("WorkingDirectory=/srv/shop",))
    assert machine.asked == [("shop.service", "chdir")]


def test_nothing_is_asked_about_a_program_that_failed_by_itself() -> None:
    looking, machine = look("Error: the database is at version 4")
    assert not looking.observed(UnitCorrection)
    assert not machine.asked


def test_what_the_program_lacks_by_its_own_words() -> None:
    looking, machine = look("Error: Cannot find module 'express'")
    assert machine.asked == [("shop.service", "node", "express")]
    # The output of this test names a folder alone.
    assert not looking.observed(StartNeed)


def test_the_packages_of_the_project(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "=folder /srv/shop\n=owner www-data\n=tool /usr/bin/npm\n=listed needed\n"
    monkeypatch.setitem(globals(), "FOUND", text)
    looking, _ = look("Error: Cannot find module 'express'")
    (need,) = looking.observed(StartNeed)
    assert (need.unit, need.name, need.installer) == ("shop", "express", "npm")


def test_the_variable_that_a_file_beside_the_program_has(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(globals(), "FOUND", "=file /srv/shop/.env\n")
    looking, _ = look("KeyError: 'DB_PASSWORD'")
    (correction,) = looking.observed(UnitCorrection)
    assert correction.lines == ("EnvironmentFile=/srv/shop/.env",)
