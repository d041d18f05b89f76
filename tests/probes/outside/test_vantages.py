"""Visits from another machine, as its own curl, openssl and getent report them."""

import asyncio
from collections.abc import Callable
from typing import Any

from diagnose.machine import CommandResult
from diagnose.model import Failure, Target, Unseen, Vantage
from diagnose.model.vantages import VantagePoint, VantageResolution, VantageVisit
from diagnose.parsers.request_fields import RequestFields
from diagnose.probes import Options
from diagnose.probes.outside.vantage_visits import CurlVisit, parse_addresses
from diagnose.probes.outside.vantages import VantageVisitor
from tests.support.fake_context import Looking

URL = "ssh://me@laptop.example.net"
PAGE = """\
* Connected to shop.example.com (203.0.113.10) port 443 (#0)
* SSL connection using TLSv1.3 / TLS_AES_256_GCM_SHA384
< HTTP/2 200
"""
TIMED_OUT = "curl: (28) Failed to connect to shop.example.com port 443 after 4001 ms: Timeout\n"
REFUSED = (
    "* connect to 203.0.113.10 port 443 failed: Connection refused\n"
    "curl: (7) Failed to connect to shop.example.com port 443: Connection refused\n"
)
AHOSTS = "203.0.113.10    STREAM shop.example.com\n203.0.113.10    DGRAM\n"

Answer = Callable[[tuple[str, ...]], tuple[int, str, str]]


class Laptop:
    """A machine whose programs answer from a table."""

    via = URL

    def __init__(self, tools: str = "curl\nopenssl\ngetent", **answers: Answer | str) -> None:
        self.tools, self.answers = tools, answers
        self.commands: list[tuple[str, ...]] = []

    async def run(self, *argv: str, timeout: float = 8.0) -> CommandResult:
        self.commands.append(argv)
        status, out, err = self._answer(argv)
        failure = Failure("exit", err.strip(), status) if status else None
        if status == 127:
            failure = Failure("missing", f"{argv[0]}: not found", 127)
        return CommandResult(argv, status, out, err, 0.1, failure)

    def _answer(self, argv: tuple[str, ...]) -> tuple[int, str, str]:
        if argv[0] == "sh":
            return 0, f"{self.tools}\nat 192.0.2.7\n", ""
        answer = self.answers.get(argv[0], "")
        if callable(answer):
            return answer(argv)
        return (0, AHOSTS, "") if argv[0] == "getent" else (0, "192.0.2.7", answer)


def visited(laptop: Laptop, options: Options = Options(), **target: Any) -> Looking:
    machine: Any = laptop
    ctx = Looking(machine)
    ctx.options = options
    if target:
        ctx.target = Target("shop.example.com", "https", "shop.example.com", 443, **target)
    context: Any = ctx
    asyncio.run(VantageVisitor(context, machine, URL).visit_all())
    return ctx


def visits(ctx: Looking) -> list[VantageVisit]:
    return list(ctx.observed(VantageVisit))


def test_a_page_is_visited_once_at_the_address_that_the_place_knows() -> None:
    laptop = Laptop(curl=PAGE)
    look = visited(laptop)
    (page,) = visits(look)
    assert (page.connected, page.secured, page.status) == (True, True, 200)
    assert (page.address, page.source, page.vantage) == (
        "203.0.113.10", "192.0.2.7", Vantage.ELSEWHERE,
    )  # fmt: skip
    assert page.equivalent.startswith("ssh ssh://me@laptop.example.net 'curl ")
    (found,) = look.observed(VantageResolution)
    assert found.addresses == ("203.0.113.10",)
    (point,) = look.observed(VantagePoint)
    assert (point.tools, point.source) == (("curl", "openssl", "getent"), "192.0.2.7")


def test_no_field_of_the_users_is_sent_from_there() -> None:
    laptop = Laptop(curl=PAGE)
    secret = RequestFields(headers=(("Authorization", "Bearer secret"),), cookie="s=secret")
    (page,) = visits(visited(laptop, Options(request=secret)))
    assert page.anonymous
    assert not any("secret" in word for argv in laptop.commands for word in argv)


def test_a_silent_port_is_tried_again_and_others_beside_it() -> None:
    def curl(argv: tuple[str, ...]) -> tuple[int, str, str]:
        if argv[-1].startswith("telnet://"):
            return (49, "", "* Connected to 203.0.113.10\n")
        return (28, "", TIMED_OUT)

    first, second, *controls = visits(visited(Laptop(curl=curl)))
    assert (first.purpose, second.purpose) == ("target", "again")
    assert first.failure
    assert (first.failure.kind, first.connected) == ("timeout", False)
    assert [(visit.port, visit.connected) for visit in controls] == [(80, True), (22, True)]


def test_a_refusal_keeps_its_errno() -> None:
    page = visits(visited(Laptop(curl=lambda _: (7, "", REFUSED))))[0]
    assert page.failure == Failure("refused", "Connection refused", 111, "ECONNREFUSED")


def test_a_websocket_is_opened_after_the_page() -> None:
    def curl(argv: tuple[str, ...]) -> tuple[int, str, str]:
        opens = "Upgrade: websocket" in argv
        return (
            28 if opens else 0,
            "",
            PAGE.replace("HTTP/2 200", "HTTP/1.1 101") if opens else PAGE,
        )

    page, websocket = visits(visited(Laptop(curl=curl), websockets=("/ws",)))
    assert page.status == 200
    assert (websocket.purpose, websocket.path, websocket.status) == ("websocket", "/ws", 101)


def test_a_name_that_is_not_known_there_is_said() -> None:
    look = visited(Laptop(getent=lambda _: (2, "", "")))
    (found,) = look.observed(VantageResolution)
    assert found.failure
    assert found.failure.kind == "resolution"
    assert not visits(look)


def test_what_is_missing_there_is_said() -> None:
    look = visited(Laptop("getent"))
    (point,) = look.observed(VantagePoint)
    assert point.failure
    assert (point.failure.kind, point.failure.message) == ("missing", "curl is not installed there")
    look = visited(Laptop("curl\ngetent", curl=PAGE))
    assert [gap.why for gap in look.observed(Unseen)] == ["openssl is not installed there"]


def test_openssl_alone_shows_tcp_and_tls() -> None:
    def openssl(_: tuple[str, ...]) -> tuple[int, str, str]:
        return (1, "", "4027:error:8000006F:system library:BIO_connect:Connection refused\n")

    page = visits(visited(Laptop("openssl\ngetent", openssl=openssl)))[0]
    assert page.failure == Failure("refused", "Connection refused", 111, "ECONNREFUSED")
    assert not page.connected


def test_a_login_that_fails_is_the_only_thing_said() -> None:
    class Closed(Laptop):
        async def run(self, *argv: str, timeout: float = 8.0) -> CommandResult:
            denied = Failure("denied", "Permission denied (publickey).", 255)
            return CommandResult(argv, None, "", denied.message, 0.1, denied)

    (seen,) = visited(Closed()).observations
    assert seen.failure
    assert seen.failure.kind == "denied"


def test_the_server_itself_is_no_visitor() -> None:
    look = visited(Laptop(getent=lambda _: (0, "192.0.2.7 STREAM\n", ""), curl=PAGE))
    (point,) = look.observed(VantagePoint)
    assert point.failure
    assert "the server itself" in point.failure.message
    assert not visits(look)


def test_a_name_leads_nobody_to_a_clouds_credentials() -> None:
    laptop = Laptop(getent=lambda _: (0, "169.254.169.254 STREAM\n203.0.113.10 STREAM\n", ""))
    assert {visit.address for visit in visits(visited(laptop))} == {"203.0.113.10"}


def test_addresses_are_read_whatever_is_printed() -> None:
    assert parse_addresses("") == ()
    assert parse_addresses("; rm -rf /\n::1 STREAM\n-x\n") == ("::1",)
    many = "".join(f"192.0.2.{number} STREAM\n" for number in range(200))
    assert len(parse_addresses(many)) == 6


def test_an_ipv6_address_is_pinned_in_brackets() -> None:
    visit = CurlVisit("https://shop.example.com/", "2001:db8::1", "shop.example.com", 443)
    assert "shop.example.com:443:[2001:db8::1]" in visit.argv
    assert CurlVisit("https://[2001:db8::1]/", "2001:db8::1", "2001:db8::1", 443).pinned == ()
