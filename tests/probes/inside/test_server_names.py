"""How a server resolves names, from its own files."""

import asyncio
from typing import Any

from diagnose.model.upstream import ServerNames
from diagnose.probes.inside.server_names import emit_server_names
from tests.support.fake_context import Looking
from tests.support.recorded_machine import RecordedMachine

FILES = {
    "/etc/resolv.conf": "nameserver 192.0.2.53\n",
    "/etc/hosts": "127.0.0.1 localhost\n10.0.0.7 backend\n",
}


def test_the_resolvers_and_the_names_that_are_written_down() -> None:
    looking: Any = Looking(RecordedMachine({}, FILES))
    names = asyncio.run(emit_server_names(looking, ["backend", "other", "backend"]))
    assert (names.resolvers, names.written) == (("192.0.2.53",), ("backend",))
    assert looking.observed(ServerNames) == (names,)


def test_files_that_cannot_be_read() -> None:
    looking: Any = Looking(RecordedMachine({}, {}))
    names = asyncio.run(emit_server_names(looking, ["backend"]))
    assert names.failure is not None
    assert names.written == ()
