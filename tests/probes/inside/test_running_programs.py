"""The programs behind the site: how old they are, and whether two share a port."""

import asyncio
import shlex
from dataclasses import replace
from typing import Any

from diagnose.model import Observation
from diagnose.model.http import Exchange
from diagnose.model.processes import RunningPrograms
from diagnose.model.server import Listener, Listeners
from diagnose.probes.inside import running_programs as probes
from tests.support.fake_context import Looking
from tests.support.recorded_machine import RecordedMachine
from tests.support.web_server_evidence import APACHE, LISTENING, apache_config

PAGE = Exchange(
    url="https://shop.example.com/", address="203.0.113.10", port=443, purpose="target", status=500
)
TEXT = """\
program 3000 70
=name node
=started 1000
=exe /usr/bin/node
=folder /srv/releases/1 (deleted)
=service shop.service
=command node server.js
=changed 2000 /srv/shop/.next/BUILD_ID
"""
SHARED = replace(
    LISTENING,
    sockets=(
        *LISTENING.sockets,
        *(
            Listener(address="127.0.0.1", port=3000, family=4, process="node", pid=pid)
            for pid in (70, 71)
        ),
    ),
)


def look(probe: Any, *observations: Observation) -> tuple[RunningPrograms, ...]:
    command = shlex.join(("sh", "-c", probes.SCRIPT, "sh", "3000"))
    looking = Looking(RecordedMachine({command: TEXT}))
    looking.observations += observations
    asyncio.run(probe.work(looking, observations[-1]))
    return looking.observed(RunningPrograms)


def test_the_program_behind_a_page_that_fails() -> None:
    (programs,) = look(probes.after_page, APACHE, apache_config(), LISTENING, PAGE)
    (program,) = programs.programs
    assert (program.folder, program.is_folder_gone) == ("/srv/releases/1", True)
    assert program.is_older_than_its_file
    assert programs.shows_fault


def test_programs_that_share_a_port_of_a_page_that_works() -> None:
    assert look(probes.after_listeners, APACHE, apache_config(), SHARED)
    assert probes.shared_ports(SHARED) == {3000}


def test_nothing_is_read_where_the_page_works() -> None:
    well = replace(PAGE, status=200)
    assert not look(probes.after_page, APACHE, apache_config(), LISTENING, well)
    assert not look(probes.after_listeners, APACHE, apache_config(), LISTENING)
    engines = replace(
        SHARED,
        sockets=tuple(replace(socket, process="docker-proxy") for socket in SHARED.sockets),
    )
    assert not probes.shared_ports(engines)
    assert not probes.shared_ports(Listeners())
