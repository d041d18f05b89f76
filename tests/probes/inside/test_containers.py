"""What a server with containers says, as literals: Docker does not run here."""

import shlex
from typing import Any

import pytest

from diagnose.machine import Machine
from diagnose.model import Unseen, Vantage
from diagnose.model.containers import Containers
from diagnose.model.server import Listeners
from diagnose.probes.inside.containers import SCRIPT, containers
from tests.parsers.linux.test_containers import DOCKER, INSIDE, PODMAN
from tests.support.fake_context import Looking
from tests.support.firewall_rules import listening
from tests.support.recorded_machine import RecordedMachine

ASK = shlex.join(("sh", "-c", SCRIPT, "sh", "stopped"))


async def looked(machine: Machine, listeners: Listeners) -> Looking:
    ctx = Looking(machine)
    await containers.work(ctx, listeners)
    return ctx


def ran(listeners: Listeners, **said: Any) -> Looking:
    import asyncio

    return asyncio.run(looked(RecordedMachine(said), listeners))


def test_containers_and_namespaces_are_seen() -> None:
    out = f"\n@@@ docker\n{DOCKER}\n@@@ podman\n{PODMAN}\n@@@ net\n{INSIDE}"
    (found,) = ran(listening(22, 80), **{ASK: out}).observed(Containers)
    assert (found.engines, found.vantage) == (("docker", "podman"), Vantage.SERVER)
    assert [container.name for container in found.containers] == ["web", "web"]
    assert found.namespaces[0].listens(443)


def test_scripts_with_the_line_ends_of_windows_are_seen() -> None:
    digest = "5e" * 32
    listed = (
        f'{{"ID": "{digest}", "Names": "web", "State": "exited", "Status": "Exited (127) 1 s"}}'
    )
    script = "/srv/web/entrypoint.sh"
    out = f"\n@@@ docker\n{listed}\n@@@ returns {digest}\n{script}\n"
    (found,) = ran(listening(22), **{ASK: out}).observed(Containers)
    assert found.containers[0].crlf_scripts == (script,)


def test_a_list_that_is_denied_is_unseen() -> None:
    out = "\n@@@ docker\npermission denied while trying to connect to the Docker daemon socket\n"
    looking = ran(listening(22), **{ASK: out})
    (unseen,) = looking.observed(Unseen)
    assert unseen.enable == "sudo docker ps"
    assert looking.observed(Containers)[0].engines == ()


def test_where_there_is_neither_nothing_is_said() -> None:
    assert not ran(listening(22), **{ASK: ""}).observations


@pytest.mark.parametrize("process", ["nginx", "", None])
def test_nobody_is_asked_where_something_of_the_servers_own_listens(process: Any) -> None:
    looking = ran(listening(443, process=process))
    assert not looking.machine.commands_run  # type: ignore[attr-defined]
