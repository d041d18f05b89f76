"""The names that nginx in a container could not resolve."""

import asyncio
from dataclasses import replace

import pytest

from diagnose.machine import CommandResult, FileContent
from diagnose.model.upstream import NameAnswer, ServerNames
from diagnose.probes.inside import container_names
from tests.support.fake_context import Looking
from tests.support.page_errors import logged

LINE = logged("api could not be resolved (110: Operation timed out)")
KNOWN = "10.89.0.5       STREAM api\n10.89.0.5       DGRAM\n"


class Inside:
    """A container with these files, in whose network getent answers this."""

    def __init__(self, out: str, hosts: str = "", via: str = "container") -> None:
        self.out, self.via, self.asked = out, via, 0
        self.files = {"/etc/resolv.conf": "nameserver 10.89.0.1\n", "/etc/hosts": hosts}

    async def read(self, path: str, limit: int = 65536) -> FileContent:
        return FileContent(path, self.files[path])

    async def run(self, *argv: str, timeout: float = 8.0) -> CommandResult:
        assert argv == ("getent", "ahostsv4", "api")
        self.asked += 1
        return CommandResult(argv, 0 if self.out else 2, self.out, "", 0.0)


def looked(machine: Inside, *texts: str) -> Looking:
    ctx = Looking(machine)  # type: ignore[arg-type]

    async def work() -> None:
        for text in texts or (LINE.text, LINE.text):
            await container_names.unresolved_name.work(ctx, replace(LINE, text=text))

    asyncio.run(work())
    return ctx


def test_the_container_s_own_name_server_is_asked_once() -> None:
    machine = Inside(KNOWN)
    (answer,) = looked(machine).observed(NameAnswer)
    assert (answer.name, answer.resolver, answer.of_nginx) == ("api", "10.89.0.1:53", False)
    assert answer.addresses == ("10.89.0.5",)
    assert machine.asked == 1


def test_an_unknown_name_has_no_address() -> None:
    (answer,) = looked(Inside("")).observed(NameAnswer)
    assert (answer.addresses, answer.rcode) == ((), "")


def test_a_name_of_the_hosts_file_says_nothing_of_the_name_server() -> None:
    ctx = looked(Inside(KNOWN, hosts="10.89.0.5 api\n"))
    assert not ctx.observed(NameAnswer)
    assert ctx.observed(ServerNames)[0].written == ("api",)


@pytest.mark.parametrize(
    "text",
    ["connect() failed (111: Connection refused)", "203.0.113.5 could not be resolved (3: x"],
)
def test_other_lines_ask_nothing(text: str) -> None:
    assert not looked(Inside(KNOWN), text).observations


def test_nothing_is_asked_outside_of_a_container() -> None:
    assert not looked(Inside(KNOWN, via="local")).observations
