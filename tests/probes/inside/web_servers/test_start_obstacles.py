"""Whether a web server that has a port may go: only one that serves nothing of a person's."""

import asyncio
from typing import Any, cast

from diagnose.parsers.linux.start_obstacles import parse_details
from diagnose.probes.inside.web_servers import start_obstacles as probes
from tests.support.fake_context import Looking
from tests.support.recorded_machine import RecordedMachine


def is_unused(text: str) -> bool:
    looking = cast(Any, Looking(RecordedMachine({}, {})))
    return asyncio.run(probes._is_unused(looking, parse_details(text)))


def test_a_server_without_a_name_in_its_files_may_serve_a_site() -> None:
    assert is_unused("=process apache2\n")
    assert not is_unused("=process apache2\n=used yes\n")
    assert not is_unused("=process sshd\n")
