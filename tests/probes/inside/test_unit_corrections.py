"""What the unit of a service that could not start needs: read only after such a failure."""

import asyncio

from diagnose.machine import CommandResult
from diagnose.model.services import UnitCorrection
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
    looking, machine = look("Error: Cannot find module 'x'")
    assert not looking.observed(UnitCorrection)
    assert not machine.asked
