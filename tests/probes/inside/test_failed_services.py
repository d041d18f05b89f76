import asyncio
import shlex

import pytest

from diagnose.machine.recorded import RecordedMachine
from diagnose.model import Observation
from diagnose.model.containers import NginxContainer
from diagnose.model.program_logs import FailedUnit
from diagnose.model.server import Listeners
from diagnose.model.services import ServiceFailure
from diagnose.probes.inside import failed_services as probes
from tests.support.fake_context import Looking
from tests.support.web_server_evidence import LISTENING

OUTPUT = (
    "unit shop.service activating www-data no yes\n"
    " node:events:497\n Error: listen EACCES: permission denied 0.0.0.0:443\n"
    "unit nginx.service failed - no no\n"
    " bind() to 0.0.0.0:443 failed (13: Permission denied)\n"
    "unit mail.service failed - no no\n could not open /var/mail: permission denied\n"
)


def look(listeners: Listeners, *before: Observation) -> Looking:
    words = ("sh", "-c", probes.SCRIPT, "sh", "443")
    looking = Looking(RecordedMachine({shlex.join(words): OUTPUT}, {}))
    looking.observations += before
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


def test_every_failed_service_that_is_no_web_server() -> None:
    shop, mail = look(Listeners()).observed(FailedUnit)
    assert (shop.unit, shop.endpoint, shop.is_local, shop.names_endpoint) == (
        "shop", "443", True, True,
    )  # fmt: skip
    assert (mail.unit, mail.is_local) == ("mail", False)
    in_container = look(Listeners(), NginxContainer(pid=5))
    assert not in_container.observed(FailedUnit)
    assert in_container.observed(ServiceFailure)


def test_a_journal_that_names_the_port() -> None:
    text = "unit shop.service failed - no no\n Error: listen EADDRINUSE 127.0.0.1:3000\n"
    (unit,) = probes.failed_units(text, "3000", 0.0, 0.0)
    assert unit.names_endpoint
    (other,) = probes.failed_units(text.replace("3000", "30001"), "3000", 0.0, 0.0)
    assert not other.names_endpoint


def test_how_a_program_ended_that_wrote_nothing() -> None:
    text = "unit shop.service failed - no yes\n Started shop.service\n"
    text += " shop.service: Main process exited, code=killed, status=9/KILL\n"
    (unit,) = probes.failed_units(text, "3000", 0.0, 0.0)
    assert unit.message == "code=killed, status=9/KILL"


@pytest.mark.parametrize("text", ["", "unit", "unit \n", "unit a b c d e\n x", "\x00"])
def test_odd_output_is_read(text: str) -> None:
    assert isinstance(list(probes.failed_units(text, "3000", 0.0, 0.0)), list)


def test_a_program_of_pm2_or_supervisor() -> None:
    text = (
        "unit shop - - no yes pm2 /root/.pm2/logs/shop-error.log\n Error: Cannot find module 'x'\n"
    )
    text += (
        "unit api - - no yes supervisor /var/log/supervisor/api-stderr.log\n ValueError: x 3000\n"
    )
    shop, api = probes.failed_units(text, "3000", 0.0, 0.0)
    assert (shop.unit, shop.state, shop.manager) == ("shop", "", "pm2")
    assert shop.equivalent == "tail -n 60 /root/.pm2/logs/shop-error.log"
    assert (api.manager, api.names_endpoint, api.is_local) == ("supervisor", True, True)
