"""The error log of an nginx in a container."""

import asyncio
from typing import Any

from diagnose.machine import CommandResult
from diagnose.model import Vantage
from diagnose.model.logs import ContainerLogLine
from diagnose.model.nginx import ContainerNginx
from diagnose.model.pages import PageFileResponse
from diagnose.probes.inside import container_logs as probes
from tests.support.fake_context import Looking
from tests.support.page_errors import page
from tests.support.recorded_machine import RecordedMachine

LINE = (
    "2026/11/26 10:00:00 [error] 7#7: *1 connect() failed (111: Connection refused) while "
    'connecting to upstream, client: 172.17.0.1, server: localhost, request: "GET / HTTP/1.1", '
    'upstream: "http://127.0.0.1:3001/", host: "shop.example.com"'
)
OUT = f"now 1795687200 2026/11/26 10:00:00 5\nlog output\n {LINE}\n\n"


class Engine(RecordedMachine):
    async def run(self, *argv: str, timeout: float = 8.0) -> CommandResult:
        self.commands_run.append(argv[-1])
        return CommandResult(argv, 0, OUT, "", 0.0)


def looked(
    status: int, work: Any = probes.after_a_page, seen: Any = page
) -> tuple[tuple[ContainerLogLine, ...], list[str]]:
    machine = Engine({})
    looking: Any = Looking(machine)
    behind = ContainerNginx(
        vantage=Vantage.SERVER, engine="docker", container="web", endpoints=(), port=80, pid=42
    )
    for _ in range(2):
        asyncio.run(work.work(looking, seen(status), behind))
    return looking.observed(ContainerLogLine), machine.commands_run


def test_reads_it_once_after_a_page_that_failed() -> None:
    (line,), commands = looked(502)
    assert (line.container, line.path, line.in_run) == ("web", "/", True)
    assert line.upstream == "http://127.0.0.1:3001/"
    assert commands == ["/var/log/nginx/error.log"]


def test_reads_nothing_after_a_page_that_came() -> None:
    assert looked(200) == ((), [])


def test_reads_it_once_after_a_file_of_the_page_that_failed() -> None:
    def answered(status: int) -> PageFileResponse:
        return PageFileResponse(
            page="https://shop.example.com/", file_kind="stylesheet", status=status,
            url="https://shop.example.com/app.css", address="203.0.113.10", port=443,
        )  # fmt: skip

    (_,), commands = looked(404, probes.after_a_page_file, answered)
    assert commands == ["/var/log/nginx/error.log"]
    assert looked(200, probes.after_a_page_file, answered) == ((), [])
