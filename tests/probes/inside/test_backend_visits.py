import asyncio
import shlex
from dataclasses import replace
from typing import Any

import pytest

from diagnose.machine import CommandResult
from diagnose.model import Observation, Vantage
from diagnose.model.backends import BackendVisit
from diagnose.model.http import Exchange, Upgrade
from diagnose.model.logs import UnservedRequests
from diagnose.model.pages import PageFileResponse, WebSocketPath
from diagnose.model.requests import PrefixTrial
from diagnose.model.web_servers import WebServerConfig
from diagnose.probes.inside import backend_visits as probes
from diagnose.probes.inside.remote_curl import ACCEPT
from tests.support.fake_context import Looking
from tests.support.recorded_machine import RecordedMachine
from tests.support.web_server_evidence import APACHE, HTTPS, apache_config

PAGE = Exchange(url="https://shop.example.com/", address="203.0.113.10", port=443, status=503)
CONFIG = apache_config(HTTPS.replace("ws://127.0.0.1:3000/ws", "ws://127.0.0.1:3000/"))
REFUSED = Upgrade(
    url="wss://shop.example.com/ws", path="/ws", address="203.0.113.10", port=443, status=404
)
OPEN = f"< HTTP/1.1 101 Switching Protocols\r\n< Sec-WebSocket-Accept: {ACCEPT}\r\n"


class Application(RecordedMachine):
    """Opens a WebSocket at /ws, and answers everything else with 200."""

    def __init__(self) -> None:
        super().__init__({})

    async def run(self, *argv: str, timeout: float = 8.0) -> CommandResult:
        self.commands_run.append(shlex.join(argv))
        head = OPEN if argv[-1].endswith("/ws") else "< HTTP/1.1 200 OK\r\n"
        return CommandResult(argv, 0, "", head, 0.0)


def visits(*before: Observation) -> list[tuple[str, bool, int | None, bool]]:
    looking = Looking(Application())
    looking.observations += before
    probe: Any = probes.visits_of_config
    config = next(each for each in before if isinstance(each, WebServerConfig))
    asyncio.run(probe.work(looking, config))
    seen = looking.observed(BackendVisit)
    return [(visit.path, visit.websocket, visit.status, visit.succeeded) for visit in seen]


def test_the_application_is_asked_for_both_paths() -> None:
    assert visits(APACHE, CONFIG, REFUSED) == [("/", True, 200, False), ("/ws", True, 101, True)]


def test_the_page_is_asked_for_once() -> None:
    assert visits(APACHE, CONFIG, PAGE, replace(PAGE, status=502)) == [("/", False, 200, True)]


def test_nobody_is_asked_where_nothing_failed_or_another_has_the_port() -> None:
    assert not visits(APACHE, CONFIG, replace(PAGE, status=200))
    assert not visits(APACHE, CONFIG, replace(PAGE, status=401))
    assert not visits(APACHE, CONFIG, replace(REFUSED, accepted=True))
    assert not visits(replace(APACHE, ports=(8080,)), CONFIG, PAGE)
    assert not visits(replace(APACHE, foreign=True), CONFIG, PAGE)


class Api(Application):
    """Has /users, and nothing at /api/users."""

    async def run(self, *argv: str, timeout: float = 8.0) -> CommandResult:
        status = 404 if argv[-1].endswith("/api/users") else 200
        return CommandResult(argv, 0, "", f"< HTTP/1.1 {status} x\r\n", 0.0)


def paths(probe: Any, target: str, *before: Observation) -> list[tuple[str, int | None]]:
    looking = Looking(Api())
    looking.target = replace(looking.target, path=target)
    looking.observations += before
    asyncio.run(probe.work(looking, before[-1]))
    return [(visit.path, visit.status) for visit in looking.observed(BackendVisit)]


WHOLE = "ProxyPass /api http://127.0.0.1:3000/api\n    ProxyPass / http"
PREFIX = apache_config(HTTPS.replace("ProxyPass / http", WHOLE))


def test_the_path_is_asked_for_without_its_beginning() -> None:
    page = replace(PAGE, url="https://shop.example.com/api/users", status=404)
    probe: Any = probes.visits_of_config
    found = paths(probe, "/api/users", APACHE, page, PREFIX)
    assert found == [("/api/users", 404), ("/users", 200)]


def test_a_path_that_programs_ask_for_again_is_asked_for_with_a_control() -> None:
    missed = UnservedRequests(
        vantage=Vantage.SERVER, file="/a.log", path="/api/users", folder="/api", written="12:00",
        server="apache",
    )  # fmt: skip

    def asked(requests: UnservedRequests) -> list[tuple[str, int | None]]:
        looking = Looking(Api())
        looking.observations += (APACHE, PREFIX)
        probe: Any = probes.missed_path
        asyncio.run(probe.work(looking, requests, PREFIX))
        return [(visit.path, visit.status) for visit in looking.observed(BackendVisit)]

    assert asked(missed) == [("/api/users", 404), ("/users", 200), ("/users-diagnose-7f3a", 200)]
    assert not asked(replace(missed, folder="/api/users"))
    assert not asked(replace(missed, server="caddy"))
    assert asked(replace(missed, path="/other", folder="/other")) == []


def test_what_a_page_wants_beside_its_folder_is_asked_of_its_application() -> None:
    page = replace(PAGE, url="https://shop.example.com/api/", status=302)
    login = replace(
        PAGE, url="https://shop.example.com/login", status=404, purpose="redirect",
        redirected_from=page.url,
    )  # fmt: skip
    probe: Any = probes.strays_of_config
    alone = apache_config(HTTPS.replace("ProxyPass / http", "ProxyPass /api/ http"))
    assert paths(probe, "/api/", APACHE, page, login, alone) == [("/login", 200)]
    inside = replace(login, url="https://shop.example.com/api/login")
    assert paths(probe, "/api/", APACHE, page, inside, alone) == []
    assert paths(probe, "/api/", APACHE, page, login, apache_config()) == []


def test_what_a_page_of_its_own_location_wants_is_asked_of_its_application() -> None:
    """`handle_path /chat` of Caddy takes this path alone, and no file of the page."""
    page = replace(PAGE, url="https://shop.example.com/chat", status=302)
    away = "https://shop.example.com/login"
    login = replace(PAGE, url=away, status=404, purpose="redirect", redirected_from=page.url)
    alone = apache_config(HTTPS.replace("ProxyPass / http", "ProxyPass /chat http"))
    (site, *others) = alone.sites
    routes = tuple(replace(route, exact=True) for route in site.routes)
    exact = replace(alone, sites=(replace(site, routes=routes), *others))
    probe: Any = probes.strays_of_config
    assert paths(probe, "/chat", APACHE, page, login, exact) == [("/login", 200)]


def test_a_file_in_whose_place_a_page_comes_is_asked_for_without_the_beginning() -> None:
    page = replace(PAGE, url="https://shop.example.com/api/", status=200)
    file = PageFileResponse(
        page=page.url, file_kind="script", url=f"{page.url}js/app.js", address="203.0.113.10",
        port=443, status=200, is_html=True,
    )  # fmt: skip
    other = replace(file, url=f"{page.url}js/more.js")
    probe: Any = probes.strays_of_config
    assert paths(probe, "/api/", APACHE, page, file, other, PREFIX) == [("/js/app.js", 200)]
    comes = replace(file, is_html=False)
    assert paths(probe, "/api/", APACHE, page, comes, PREFIX) == []
    whole = apache_config(HTTPS)
    assert paths(probe, "/api/", APACHE, page, file, whole) == []


async def tried(ctx: Looking, path: str) -> None:
    ctx.emit(replace(REFUSED, path=path))


def named(path: str, config: WebServerConfig, monkeypatch: pytest.MonkeyPatch) -> Looking:
    """What a page's WebSocket costs, and whether the site was asked for it."""
    monkeypatch.setattr(probes, "try_named_path", tried)
    looking = Looking(Application())
    source = "https://shop.example.com/app.js"
    looking.observations += (APACHE, config, WebSocketPath(source=source, path=path))
    probe: Any = probes.page_websocket_before
    asyncio.run(probe.work(looking, config))
    return looking


def test_a_websocket_of_the_page_that_the_application_opens_is_tried_at_the_site(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pages = apache_config(HTTPS.replace("    ProxyPass /ws ws://127.0.0.1:3000/ws\n", ""))
    looking = named("/ws", pages, monkeypatch)
    assert [visit.accepted for visit in looking.observed(BackendVisit)] == [True]
    assert [upgrade.path for upgrade in looking.observed(Upgrade)] == ["/ws"]


def test_one_that_the_application_refuses_is_not_tried_at_the_site(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looking = named("/beginning", apache_config(), monkeypatch)
    assert [visit.accepted for visit in looking.observed(BackendVisit)] == [False]
    assert not looking.observed(Upgrade)


def test_no_websocket_of_the_page_is_tried_where_the_user_named_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(probes, "try_named_path", tried)
    looking = Looking(Application())
    looking.target = replace(looking.target, websockets=("/chat",))
    looking.observations += (APACHE, CONFIG, WebSocketPath(source="x", path="/ws"))
    probe: Any = probes.page_websocket_before
    asyncio.run(probe.work(looking, CONFIG))
    assert not looking.observed(BackendVisit)


def test_an_application_with_tls_is_asked_with_tls(monkeypatch: pytest.MonkeyPatch) -> None:
    secure = apache_config(HTTPS.replace("ws://127", "wss://127"))
    looking = named("/ws", secure, monkeypatch)
    (visit,) = looking.observed(BackendVisit)
    assert "https://127.0.0.1:3000/ws" in visit.equivalent


def test_a_page_that_was_given_up_early_gets_more_time() -> None:
    def patience(page: Exchange) -> str:
        looking = Looking(Application())
        looking.observations += (APACHE, CONFIG, page)
        probe: Any = probes.visits_of_config
        asyncio.run(probe.work(looking, CONFIG))
        (command,) = looking.machine.commands_run  # type: ignore[attr-defined]
        return str(command).partition(" -m ")[2].split(" ")[0]

    assert patience(replace(PAGE, status=504, took=2.0)) == "8"
    assert patience(replace(PAGE, status=504, took=0.1)) == "3"
    assert patience(replace(PAGE, status=504, took=12.0)) == "3"
    assert patience(replace(PAGE, status=500, took=2.0)) == "3"


def test_behind_apache_the_path_with_a_slash_is_asked_for() -> None:
    class Strict(RecordedMachine):
        async def run(self, *argv: str, timeout: float = 8.0) -> CommandResult:
            status = 200 if argv[-1].endswith(":3000/login") else 404
            return CommandResult(argv, 0, "", f"< HTTP/1.1 {status} x\r\n", 0.0)

    line = "ProxyPass / http://127.0.0.1:3000/"
    config = apache_config(HTTPS.replace(line, "ProxyPass /app http://127.0.0.1:3000/"))
    looking = Looking(Strict({}))
    looking.target = replace(looking.target, path="/app/login")
    page = replace(PAGE, url="https://shop.example.com/app/login", status=404)
    looking.observations += (APACHE, config, page)
    probe: Any = probes.visits_of_config
    asyncio.run(probe.work(looking, config))
    asked = [(visit.path, visit.status) for visit in looking.observed(BackendVisit)]
    assert asked == [("//login", 404), ("/app/login", 404), ("/login", 200)]


class Calibre(Application):
    """Has its pages below the folder that a field tells it, and asks for a login there."""

    async def run(self, *argv: str, timeout: float = 8.0) -> CommandResult:
        self.commands_run.append(shlex.join(argv))
        status = 302 if "X-Script-Name: /books" in shlex.join(argv) else 404
        return CommandResult(argv, 0, "", f"< HTTP/1.1 {status} x\r\n", 0.0)


def test_the_question_has_the_fields_of_the_server_and_then_the_folder_of_the_route() -> None:
    lines = (
        '    RequestHeader set X-Script-Name "/calibre"\n    RequestHeader set X-Api-Key "s3"\n'
        "    ProxyPass /books/ http://127.0.0.1:3000/books/\n"
    )
    seen = apache_config(HTTPS.replace("    ProxyPass /ws", f"{lines}    ProxyPass /ws"))
    machine = Calibre()
    looking = Looking(machine)
    looking.target = replace(looking.target, path="/books/")
    looking.observations += (APACHE, seen, replace(PAGE, status=404))
    probe: Any = probes.visits_of_config
    asyncio.run(probe.work(looking, seen))
    (trial,) = looking.observed(PrefixTrial)
    assert (trial.field, trial.prefix, trial.status) == ("X-Script-Name", "/books", 302)
    assert {visit.status for visit in looking.observed(BackendVisit)} == {404}
    assert "X-Script-Name: /calibre" in machine.commands_run[0]
    assert not any("s3" in command for command in machine.commands_run)
