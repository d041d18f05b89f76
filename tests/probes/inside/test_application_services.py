import asyncio
import shlex
from dataclasses import replace
from typing import Any

from diagnose.model import Observation
from diagnose.model.containers import NginxContainer
from diagnose.model.program_logs import FailedUnit
from diagnose.model.server import Listeners
from diagnose.probes.inside import application_services as probes
from diagnose.probes.inside.failed_services import SCRIPT
from diagnose.probes.inside.own_copies import SCRIPT as COPY_SCRIPT
from tests.support.fake_context import Looking
from tests.support.recorded_machine import RecordedMachine
from tests.support.web_server_evidence import APACHE, LISTENING, apache_config

HELD = (
    "unit shop.service activating www-data yes yes systemd\n=load loaded\n=restarts 4\n"
    " Error: listen EADDRINUSE: address already in use 127.0.0.1:3000\n"
    "unit backup.service failed - no yes systemd\n=load loaded\n=restarts 0\n failed\n"
    "unit old.service inactive - yes yes systemd\n=load loaded\n=file disabled\n"
)


def look(*before: Observation) -> Looking:
    words = ("sh", "-c", SCRIPT, "sh", "3000", "failed")
    looking = Looking(RecordedMachine({shlex.join(words): HELD}))
    looking.observations += before
    probe: Any = probes.after_listeners
    asyncio.run(probe.work(looking, LISTENING))
    asyncio.run(probe.work(looking, LISTENING))
    return looking


def test_only_the_one_that_should_be_the_application_and_fails() -> None:
    (unit,) = look(APACHE, apache_config(), LISTENING).observed(FailedUnit)
    assert (unit.unit, unit.is_open, unit.port_in_use) == ("shop", True, True)


UNNAMED = (
    "unit hass.service activating hass no yes systemd\n=load loaded\n=restarts 4\n"
    " OSError: [Errno 98] Address already in use\n"
)
COPY = "=same yes\n=rooted yes\n=folder /\n=at /srv/hass\n=group /user.slice/session-3.scope\n"


def test_a_service_that_names_no_port_counts_by_its_own_program() -> None:
    (listener,) = LISTENING.on(3000)
    words = shlex.join(("sh", "-c", SCRIPT, "sh", "3000", "failed"))
    asked = shlex.join(("sh", "-c", COPY_SCRIPT, "sh", "hass.service", str(listener.pid)))
    for answer, seen in ((COPY, ["hass"]), (COPY.replace("=same yes\n", ""), [])):
        looking = Looking(RecordedMachine({words: UNNAMED, asked: answer}))
        looking.observations += (APACHE, apache_config(), LISTENING)
        probe: Any = probes.after_listeners
        asyncio.run(probe.work(looking, LISTENING))
        units = looking.observed(FailedUnit)
        assert [unit.unit for unit in units] == seen
        assert all(unit.port_in_use and unit.copy == listener.pid for unit in units)


def test_nothing_is_run_where_nothing_listens_or_in_a_container() -> None:
    nobody = replace(LISTENING, sockets=LISTENING.sockets[:2])
    for before in ((APACHE, apache_config(), nobody), (LISTENING,), (APACHE, apache_config())):
        assert not look(*before).machine.commands_run  # type: ignore[attr-defined]
    inside = look(APACHE, apache_config(), LISTENING, NginxContainer(pid=5))
    assert not inside.machine.commands_run  # type: ignore[attr-defined]


def test_nothing_of_services_before_it_is_known_what_listens() -> None:
    assert not look(APACHE, apache_config()).observed(FailedUnit)
    assert not look(APACHE, apache_config(), Listeners()).observed(FailedUnit)
