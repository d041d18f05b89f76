import asyncio
import shlex
from typing import Any

import pytest

from diagnose.machine.recorded import RecordedMachine
from diagnose.model.program_logs import FailedUnit
from diagnose.model.server import Listeners
from diagnose.probes.inside import application_services as probes
from tests.support.fake_context import Looking
from tests.support.web_server_evidence import LISTENING

UNITS = "unit shop.service failed no yes\n Error: Cannot find module 'x'\n"


def look(listeners: Listeners) -> Looking:
    words = ("sh", "-c", probes.UNITS_SCRIPT, "sh", "443")
    looking = Looking(RecordedMachine({shlex.join(words): UNITS}, {}))
    probe: Any = probes.services_of_a_silent_port
    asyncio.run(probe.work(looking, listeners))
    return looking


def test_the_services_that_failed_where_nothing_listens_on_the_sites_port() -> None:
    (unit,) = look(Listeners()).observed(FailedUnit)
    assert (unit.unit, unit.endpoint, unit.is_local) == ("shop", "443", True)
    assert not look(LISTENING).observed(FailedUnit)


def test_a_journal_that_names_the_port() -> None:
    text = "unit shop.service failed no no\n Error: listen EADDRINUSE 127.0.0.1:3000\n"
    (unit,) = probes.parse_units(text, "3000", 0.0, 0.0)
    assert unit.names_endpoint
    (other,) = probes.parse_units(text.replace("3000", "30001"), "3000", 0.0, 0.0)
    assert not other.names_endpoint


def test_how_a_program_ended_that_wrote_nothing() -> None:
    text = "unit shop.service failed no yes\n Started shop.service\n"
    text += " shop.service: Main process exited, code=killed, status=9/KILL\n"
    (unit,) = probes.parse_units(text, "3000", 0.0, 0.0)
    assert unit.message == "code=killed, status=9/KILL"


@pytest.mark.parametrize("text", ["", "unit", "unit \n", "unit a b c d e\n x", "\x00"])
def test_odd_output_is_read(text: str) -> None:
    assert isinstance(list(probes.parse_units(text, "3000", 0.0, 0.0)), list)
