import asyncio
import shlex

from diagnose.machine.recorded import RecordedMachine
from diagnose.model.server import Listeners
from diagnose.model.services import ServiceFailure
from diagnose.probes.inside import failed_services as probes
from tests.support.fake_context import Looking
from tests.support.web_server_evidence import LISTENING

OUTPUT = (
    "unit shop.service activating www-data\n"
    " node:events:497\n Error: listen EACCES: permission denied 0.0.0.0:443\n"
    "unit nginx.service failed \n"
    " bind() to 0.0.0.0:443 failed (13: Permission denied)\n"
    "unit mail.service failed \n could not open /var/mail: permission denied\n"
)


def look(listeners: Listeners) -> Looking:
    looking = Looking(RecordedMachine({shlex.join(("sh", "-c", probes.SCRIPT)): OUTPUT}, {}))
    asyncio.run(_work(looking, listeners))
    return looking


async def _work(looking: Looking, listeners: Listeners) -> None:
    await probes.failed_services.work(looking, listeners)


def test_the_service_that_could_not_open_the_port() -> None:
    (failure,) = look(Listeners()).observed(ServiceFailure)
    assert (failure.unit, failure.state, failure.user) == ("shop", "activating", "www-data")
    assert failure.message == "Error: listen EACCES: permission denied 0.0.0.0:443"


def test_nothing_is_run_where_somebody_listens() -> None:
    looking = look(LISTENING)
    assert not looking.observed(ServiceFailure)
    assert not looking.machine.commands_run  # type: ignore[attr-defined]
