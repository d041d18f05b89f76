"""The page that visitors get elsewhere, compared with the server's own: the own answer, the visits
and the log are given."""

import asyncio
import shlex
from dataclasses import replace
from typing import Any

import pytest

from diagnose.model import Vantage
from diagnose.model.dns import DnsAnswer, OtherMachine, Resolution
from diagnose.model.http import Exchange, LocalAnswer
from diagnose.model.nginx import NginxConfig
from diagnose.model.server import Listener, Listeners
from diagnose.model.symptom import Symptom
from diagnose.net.http import HttpResult
from diagnose.parsers.nginx.config import parse
from diagnose.probes.inside import other_machine
from diagnose.probes.inside.log_texts import READ_SCRIPT
from tests.support.fake_context import Looking
from tests.support.recorded_machine import RecordedMachine

OURS, OLD, URL = "203.0.113.10", "203.0.113.80", "https://shop.example.com/"
NOW, LOG = 1_795_514_470, "/var/log/nginx/access.log"
PAGE = Exchange(url=URL, address=OLD, port=443, status=200, body="<title>Old</title>")
SITE = "server { listen 443 ssl; server_name shop.example.com; location / { } }"
TOLD = Symptom(kind="wrong-site", text="still the old server")


def line(agent: str = "diagnose/0.1.0", client: str = OURS, second: int = 10) -> str:
    time = f"24/Nov/2026:18:01:{second:02} +0800"
    return f'{client} - - [{time}] "GET / HTTP/1.1" 200 1 "-" "{agent}"'


class Compared(Looking):
    """A run on a server, and how often it asked the server itself."""

    asked = 0

    async def ask(self, address: str, path: str) -> tuple[LocalAnswer, HttpResult | None]:
        self.asked += 1
        answer = LocalAnswer(
            vantage=Vantage.SERVER, request="page", url=URL, path=path, address=address, port=443
        )
        return answer, HttpResult(status=200, body=self.body)

    body = "<title>New</title>"


def compared(monkeypatch: pytest.MonkeyPatch, *lines: str, **more: Any) -> Compared:
    async def visit(*_: object) -> bool:
        return True

    monkeypatch.setattr(other_machine, "_visit", visit)
    script = shlex.join(("sh", "-c", READ_SCRIPT, "sh", LOG))
    text = "".join(f" {each}\n" for each in lines)
    ctx = Compared(RecordedMachine({script: f"now {NOW} +0800 0\nlog\n{text}\n"}))
    ctx.body = more.get("own", ctx.body)
    ctx.target = replace(ctx.target, symptom=more.get("symptom"))
    main = parse(f"http {{ access_log {LOG}; {more.get('site', SITE)} }}", "/etc/nginx/nginx.conf")
    page = more.get("page", PAGE)
    ctx.observations += [
        NginxConfig(path="/etc/nginx/nginx.conf", main=main),
        Listeners(sockets=(Listener(address="0.0.0.0", port=443, family=4),)),
        Resolution(name="shop.example.com", family=4, addresses=(page.address,),
                   via=more.get("via", "system")),
        *more.get("before", ()),
        page,
    ]  # fmt: skip
    work = other_machine.compare_pages(ctx, more.get("addresses", {OURS}), ctx.ask)
    asyncio.run(work)
    return ctx


def test_a_page_of_another_machine_whose_visits_do_not_arrive(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (seen,) = compared(monkeypatch, line("Mozilla/5.0"), line()).observed(OtherMachine)
    assert (seen.title, seen.own_title, seen.visits, seen.logged) == ("Old", "New", 3, 1)
    assert (seen.log, seen.is_member, seen.differs) == (LOG, False, "title")


def test_a_visit_of_the_own_page_is_not_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """The run has just been at the own address, too: the server is asked again, a second later."""
    monkeypatch.setattr(other_machine, "PAUSE", 0.001)
    own = replace(PAGE, address=OURS)
    assert compared(monkeypatch, line(), before=(own,)).asked == 2
    assert compared(monkeypatch, line()).asked == 1


@pytest.mark.parametrize(
    ("lines", "logged", "member"),
    [
        ((line(), line(client=OLD), line(client=OLD)), 3, True),
        ((line(), line("ELB-HealthChecker/2.0", "198.51.100.9", 1)), 1, True),
        ((line(), line("Mozilla/5.0", "10.0.0.7", 1)), 1, True),
        ((line(second=9),), None, False),
        ((), None, False),
    ],
)
def test_the_log_tells_whether_visits_arrive(
    monkeypatch: pytest.MonkeyPatch, lines: tuple[str, ...], logged: int | None, member: bool
) -> None:
    (seen,) = compared(monkeypatch, *lines).observed(OtherMachine)
    assert (seen.logged, seen.is_member) == (logged, member)


@pytest.mark.parametrize(
    "more",
    [
        {"addresses": {"10.0.0.5"}},
        {"addresses": {"2001:db8:2::10"}},
        {"addresses": {OURS, OLD}},
        {"page": replace(PAGE, status=502)},
        {"page": replace(PAGE, verified=False)},
        {"page": replace(PAGE, url="https://other.example/")},
        {"page": replace(PAGE, headers=(("Via", "1.1 edge"),))},
        {"page": replace(PAGE, headers=(("CF-RAY", "8a1b2c3d4e5f-FRA"),))},
        {"page": replace(PAGE, address="10.0.0.80")},
        {"via": "option"},
        {"site": SITE.replace("shop.", "blog.")},
        {
            "before": (
                DnsAnswer(
                    name="shop.example.com", rdtype="A", server=OURS, rcode="NOERROR",
                    records=(OLD,), aliases=("shop.example.com.cdn.cloudflare.net.",),
                ),
            )
        },
    ],
)  # fmt: skip
def test_the_server_is_not_asked(monkeypatch: pytest.MonkeyPatch, more: dict[str, Any]) -> None:
    assert not compared(monkeypatch, line(), **more).asked


@pytest.mark.parametrize(
    ("page", "own"),
    [
        ("<title>Old</title>", "<title>old </title>x"),
        ("<title>Sign in</title>", "<title>New</title>"),
        ("<title>Old</title>", "<title>Welcome to nginx!</title>"),
        ("old", "new"),
    ],
)
def test_pages_that_may_be_one_site_s(monkeypatch: pytest.MonkeyPatch, page: str, own: str) -> None:
    ctx = compared(monkeypatch, line(), page=replace(PAGE, body=page), own=own)
    assert ctx.asked == 1
    assert not ctx.observed(OtherMachine)


def test_a_page_without_a_title_counts_where_somebody_reports_the_old_site(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    page = replace(PAGE, body="old")
    (seen,) = compared(monkeypatch, line(), page=page, own="new", symptom=TOLD).observed(
        OtherMachine
    )
    assert seen.differs == "page"
