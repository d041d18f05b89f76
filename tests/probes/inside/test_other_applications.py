import asyncio
import shlex
from dataclasses import replace
from typing import Any

from diagnose.machine import CommandResult
from diagnose.model import Observation
from diagnose.model.backends import BackendVisit
from diagnose.model.pages import PageFileResponse
from diagnose.probes.inside import other_applications as probes
from tests.checks.server.test_websocket_not_passed import PAGES
from tests.support.check_evidence import SHOP
from tests.support.fake_context import Looking
from tests.support.haproxy_evidence import page
from tests.support.recorded_machine import RecordedMachine
from tests.support.web_server_evidence import APACHE, apache_config

API = "    ProxyPass /api http://127.0.0.1:3001/\n"
CONFIG = apache_config(PAGES.replace("    ProxyPass / ", f"{API}    ProxyPass / ", 1))
FILE = PageFileResponse(
    url="https://shop.example.com/items.js",
    page="https://shop.example.com/",
    file_kind="script",
    address="203.0.113.10",
    port=443,
    status=404,
)


class Applications(RecordedMachine):
    """The application on 3001 has /items and /items.js."""

    def __init__(self) -> None:
        super().__init__({})

    async def run(self, *argv: str, timeout: float = 8.0) -> CommandResult:
        self.commands_run.append(shlex.join(argv))
        has = argv[-1].endswith((":3001/items", "/items.js"))
        return CommandResult(argv, 0, "", f"< HTTP/1.1 {200 if has else 404} x\r\n", 0.0)


def asked(path: str, *before: Observation) -> list[tuple[str, str, bool]]:
    looking = Looking(Applications())
    looking.target = replace(SHOP, path=path)
    looking.observations += (APACHE, CONFIG, *before)
    for probe in vars(probes).values():
        if getattr(probe, "after", None) is type(before[-1]):
            work: Any = probe
            asyncio.run(work.work(looking, before[-1]))
    return [(v.target, v.path, v.succeeded) for v in looking.observed(BackendVisit)]


def test_a_missing_page_is_asked_of_the_other_application_and_a_path_that_nobody_has() -> None:
    target = "http://127.0.0.1:3001/"
    assert asked("/v1/items", page(404, url="https://shop.example.com/v1/items")) == [
        (target, "/v1/items", False),
        (target, "/items", True),
        (target, "/items-diagnose-7f3a", False),
    ]


def test_a_missing_file_of_the_page_is_asked_too() -> None:
    assert [path for _, path, _ in asked("/", FILE)] == ["/items.js", "/items.js-diagnose-7f3a"]


def test_nobody_is_asked_for_what_came_or_for_the_start_page() -> None:
    assert not asked("/items", page(200, url="https://shop.example.com/items"))
    assert not asked("/", page(404))
    assert not asked("/", replace(FILE, status=200))
    assert not asked("/", replace(FILE, url="https://cdn.example.net/items.js"))
