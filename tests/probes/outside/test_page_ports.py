"""Which other ports of the site are tried for its page."""

import asyncio
from typing import Any

import pytest

from diagnose.model import Failure, Target
from diagnose.model.http import Exchange
from diagnose.model.pages import Page, PageFile, PagePort
from diagnose.net import ConnectResult
from diagnose.probes.outside.page_ports import try_mentioned_ports

HOST, HERE = "shop.example.com", "203.0.113.10"
REFUSED = Failure("refused", "Connection refused", 111)


class Run:
    """A run that has seen a page. Every port refuses."""

    def __init__(self, url: str, *files: str) -> None:
        self.target = Target(url, "https", HOST, 8443)
        sheets = tuple(PageFile("stylesheet", file) for file in files)
        self.seen: list[Any] = [Page(url=url, address=HERE, port=8443, files=sheets)]
        self.net, self.ports = self, list[int]()

    def elapsed(self) -> float:
        return 0.0

    def emit(self, observation: Any) -> None:
        self.seen.append(observation)

    def observed(self, kind: type[Any]) -> tuple[Any, ...]:
        return tuple(each for each in self.seen if type(each) is kind)

    async def connect(self, address: str, port: int) -> ConnectResult:
        self.ports.append(port)
        return ConnectResult(0.0, failure=REFUSED)


def tried(url: str, *files: str) -> Run:
    run: Any = Run(url, *files)
    exchange = Exchange(url=url, address=HERE, port=8443, status=200)
    asyncio.run(try_mentioned_ports(run, exchange))
    return run  # type: ignore[no-any-return]


def test_the_port_that_a_page_leaves_out_is_tried_once() -> None:
    run = tried(f"https://{HOST}:8443/", f"https://{HOST}/a.css", f"https://{HOST}/b.css")
    assert run.ports == [443]
    (port,) = run.observed(PagePort)
    assert (port.url, port.failure) == (f"https://{HOST}/a.css", REFUSED)


@pytest.mark.parametrize(
    ("url", "file"),
    [
        (f"https://{HOST}:8443/", f"https://{HOST}:8443/a.css"),
        (f"https://{HOST}:8443/", "https://cdn.example.net/a.css"),
        (f"https://{HOST}/", f"https://{HOST}/a.css"),
        (f"http://{HOST}:8080/", f"https://{HOST}/a.css"),
    ],
    ids=["its own", "another host's", "the usual port", "a page without TLS"],
)
def test_no_other_port_is_tried(url: str, file: str) -> None:
    assert tried(url, file).ports == []
