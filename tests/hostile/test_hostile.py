"""Each hostile server gets one valid document in time and little memory, and no wrong "ok"."""

import os

import pytest

from tests.support.effort import ALL

from .families import servers
from .running import Authority, look
from .scripts import Server

EVERY = servers()
#: Of each family some, in `make test`.
SAMPLE = EVERY if ALL else EVERY[::11]


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


def test_there_are_many_and_each_has_its_name() -> None:
    assert len({one.name for one in EVERY}) == len(EVERY) >= 300


@pytest.mark.parametrize("server", SAMPLE, ids=lambda server: server.name)
def test_it_ends_well(server: Server, authority: Authority) -> None:
    if server.kind == "dns" and os.geteuid() != 0:
        pytest.skip("Only root serves names on port 53.")
    assert look(server, authority).problems == ()
