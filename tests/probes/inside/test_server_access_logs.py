"""The logs of Apache and Caddy, read after the page was answered."""

import asyncio
import json
import re
import shlex
from dataclasses import replace
from typing import Any

import pytest

from diagnose.machine import CommandResult
from diagnose.machine.container import ContainerMachine
from diagnose.model import Failure, Unseen
from diagnose.model.http import Exchange
from diagnose.model.logs import FailedRequests
from diagnose.model.web_servers import ServerFile, SiteAccessLog, WebServer, WebServerConfig
from diagnose.probes.inside import server_access_logs as probes
from diagnose.probes.inside.log_texts import JOURNAL_SCRIPT, READ_SCRIPT
from tests.parsers.caddy.test_access_log import FAILED
from tests.support.caddy_evidence import CADDY, caddy_config
from tests.support.fake_context import Looking
from tests.support.haproxy_evidence import SERVER as HAPROXY
from tests.support.haproxy_evidence import TEXT as HAPROXY_TEXT
from tests.support.haproxy_evidence import config as haproxy_config
from tests.support.recorded_machine import RecordedMachine
from tests.support.web_server_evidence import APACHE, HTTPS, apache_config

NOW = 1_795_514_470
LOG = "/var/log/apache2/shop.log"
SITE = HTTPS.replace("</V", f'    CustomLog {LOG} "%t \\"%r\\" %>s \\"%{{User-Agent}}i\\""\n</V')
PAGE = Exchange(url="https://shop.example.com/", address="203.0.113.10", port=443, status=200)
REFUSED = (
    "198.51.100.7:33317 [24/Nov/2026:18:01:00.655] web~ app/a 0/0/-1/-1/0 503 222 - - SC-- "
    '1/1/0/0/3 0/0 "POST /api HTTP/1.1"'
)
LINE = '[24/Nov/2026:18:01:00 +0800] "POST /api HTTP/1.1" 503 "Mozilla/5.0"'


def look(
    server: WebServer = APACHE, config: WebServerConfig | None = None, page: Exchange = PAGE,
    line: str = LINE, log: str = LOG, unit: tuple[str, ...] = ("-u", "caddy"), net: Any = None,
    clock: str = f"{NOW} +0800", **outputs: str,
) -> list[FailedRequests]:  # fmt: skip
    files = shlex.join(("sh", "-c", READ_SCRIPT, "sh", log))
    journal = shlex.join(("sh", "-c", JOURNAL_SCRIPT, "sh", *unit))
    output = f"now {clock}\nlog\n {line}\n\n"
    looking: Any = Looking(RecordedMachine({files: output, journal: output, **outputs}))
    config = config or apache_config(SITE)
    looking.net = net
    looking.observations += [server, page]
    probe: Any = probes.after_the_configuration
    asyncio.run(probe.work(looking, looking.emit(config)))
    return list(looking.observed(FailedRequests))


def test_requests_that_failed_in_apaches_log() -> None:
    (failure,) = look()
    assert (failure.server, failure.file, failure.status) == ("apache", LOG, 503)
    assert failure.equivalent == f"tail -n 1000 {LOG}"


def test_nothing_is_read_for_a_page_that_fails_or_another_server() -> None:
    assert not look(page=replace(PAGE, status=500))
    assert not look(replace(APACHE, ports=(8443,)))
    assert not look(replace(APACHE, container="web"))
    assert not look(replace(APACHE, product="traefik"))


@pytest.mark.parametrize(
    ("state", "path", "status", "is_read"),
    [
        ("sH--", "/", 504, True),
        ("SC--", "/", 503, True),
        ("cD--", "/", 504, False),
        ("----", "/", 504, False),
        ("sH--", "/report", 504, False),
    ],
)
def test_how_haproxy_ended_requests_for_a_page_that_does_not_come(
    state: str, path: str, status: int, is_read: bool
) -> None:
    silent = replace(PAGE, status=None, failure=Failure("timeout", "timed out"))
    line = REFUSED.replace("SC--", state).replace("503", str(status))
    line = line.replace("POST /api", f"GET {path}")
    failures = look(
        HAPROXY, haproxy_config(HAPROXY_TEXT), silent, line, "/var/log/haproxy.log",
        ("-t", "haproxy"),
    )  # fmt: skip
    assert [failure.ending for failure in failures] == ([state] if is_read else [])


def test_what_was_before_the_last_load_is_about_another_configuration() -> None:
    assert not look(replace(APACHE, loaded=float(NOW - 1)))


def test_a_log_that_another_site_writes_too() -> None:
    both = SITE + SITE.replace("shop.example.com", "blog.example.com")
    assert not look(config=apache_config(both))


def test_caddys_journal_where_it_writes_no_file() -> None:
    config = apache_config()
    (site,) = config.sites
    caddy = replace(APACHE, product="caddy", unit="caddy")
    of_caddy = replace(config, product="caddy", sites=(site,))
    (failure,) = look(caddy, of_caddy, line=json.dumps(FAILED))
    assert (failure.server, failure.path, failure.status) == ("caddy", "/api/login", 502)
    assert failure.equivalent == "journalctl -u caddy -n 1000"
    assert not look(replace(caddy, unit=""), of_caddy, line=json.dumps(FAILED))
    written = replace(site, access_logs=(SiteAccessLog(LOG, "json"),))
    (failure,) = look(caddy, replace(of_caddy, sites=(written,)), line=json.dumps(FAILED))
    assert failure.file == LOG


def test_caddy_loads_its_files_without_a_start() -> None:
    """What was before their last change is over, if Caddy runs with them as they are."""
    caddy = replace(APACHE, product="caddy", unit="caddy")
    changed = ServerFile("/etc/caddy/Caddyfile", "", changed=float(NOW - 1))
    config = replace(apache_config(), product="caddy", files=(changed,), loaded=True)
    assert not look(caddy, config, line=json.dumps(FAILED))
    assert look(caddy, replace(config, loaded=None), line=json.dumps(FAILED))


def inside(server: WebServer, config: WebServerConfig, clock: str, line: str) -> FailedRequests:
    """Return what failed by the output of a container, at a place whose zone is eight hours
    ahead."""

    class Container(ContainerMachine):
        async def read_logs(self, *paths: str) -> CommandResult:
            assert paths == ("stderr",)
            return CommandResult(("sh",), 0, f"now {clock}\nlog output\n {line}\n\n", "", 0.0)

    looking: Any = Looking(Container(RecordedMachine({}), 5, "docker", "web"))
    looking.observations += [replace(server, container="web", unit=""), PAGE]
    probe: Any = probes.after_the_configuration
    asyncio.run(probe.work(looking, looking.emit(config)))
    failures: tuple[FailedRequests, ...] = looking.observed(FailedRequests)
    assert len(failures) == 1
    return failures[0]


def test_the_output_of_a_container() -> None:
    clock = f"{NOW} 2026/11/24 18:01:10"
    failure = inside(HAPROXY, haproxy_config(), clock, REFUSED)
    assert (failure.server, failure.status) == ("haproxy", 503)
    assert failure.equivalent == "docker logs --tail 1000 web"
    failure = inside(CADDY, caddy_config(), clock, json.dumps(FAILED))
    assert (failure.server, failure.status) == ("caddy", 502)


def test_haproxys_log_and_its_journal_where_no_file_has_it() -> None:
    """Its times are the server's own, and have no zone."""
    config = haproxy_config()
    (failure,) = look(HAPROXY, config, line=REFUSED, log=probes.HAPROXY_LOG)
    assert (failure.server, failure.status, failure.ending) == ("haproxy", 503, "SC--")
    assert failure.equivalent == "tail -n 1000 /var/log/haproxy.log"
    (failure,) = look(HAPROXY, config, line=REFUSED, unit=("-t", "haproxy"))
    assert failure.equivalent == "journalctl -t haproxy -n 1000"
    old = REFUSED.replace("18:01:00", "17:01:00")
    assert not look(HAPROXY, config, line=old, log=probes.HAPROXY_LOG)


def test_haproxys_frontend_of_several_sites() -> None:
    """Its lines name the frontend alone."""
    several = haproxy_config(
        HAPROXY_TEXT.replace(
            "    default_backend app\n",
            "    use_backend app if { hdr(host) -i shop.example.com }\n"
            "    use_backend app if { hdr(host) -i blog.example.com }\n",
        )
    )
    assert not look(HAPROXY, several, line=REFUSED, log=probes.HAPROXY_LOG)
    captured = REFUSED.replace('0/0 "', '0/0 {shop.example.com} "')
    assert look(HAPROXY, several, line=captured, log=probes.HAPROXY_LOG)
    apart = haproxy_config(
        HAPROXY_TEXT.replace(
            "    default_backend app\n",
            "    use_backend app if { hdr(host) -i shop.example.com }\n"
            "    use_backend blog if { hdr(host) -i blog.example.com }\n",
        )
        + "backend blog\n    server b 127.0.0.1:3001\n"
    )
    assert look(HAPROXY, apart, line=REFUSED, log=probes.HAPROXY_LOG), "by its backend"
    blogs = REFUSED.replace(" app/a ", " blog/b ")
    assert not look(HAPROXY, apart, line=blogs, log=probes.HAPROXY_LOG)
    elsewhere = REFUSED.replace(" web~ ", " other ")
    assert not look(HAPROXY, haproxy_config(), line=elsewhere, log=probes.HAPROXY_LOG)


def test_a_request_in_the_second_before_the_run() -> None:
    """Caddy's times have fractions, the clock of the server has none."""
    config = replace(apache_config(), product="caddy")
    line = json.dumps({**FAILED, "ts": NOW + 0.25})
    assert look(replace(APACHE, product="caddy", unit="caddy"), config, line=line)


class OneAddress:
    """The network of a machine with one address."""

    def is_mine(self, address: str) -> bool:
        return address == "203.0.113.10"


@pytest.mark.parametrize(("client", "count"), [("198.51.100.7", 1), ("203.0.113.10", 0)])
def test_a_request_of_another_machine_in_the_second_of_the_run(client: str, count: int) -> None:
    """HAProxy logs no User-Agent: only the address tells that a request is not the run's own."""
    line = REFUSED.replace("198.51.100.7", client).replace("18:01:00", "18:01:10")
    observed = look(HAPROXY, haproxy_config(), line=line, log=probes.HAPROXY_LOG, net=OneAddress())
    assert len(observed) == count


@pytest.mark.parametrize(("fraction", "count"), [("300", 1), ("700", 0)])
def test_a_request_in_the_very_second_of_the_run(fraction: str, count: int) -> None:
    """Over SSH nothing but the time tells it from the run's own."""
    line = REFUSED.replace("198.51.100.7", "203.0.113.10").replace("00.655", f"10.{fraction}")
    observed = look(
        HAPROXY, haproxy_config(), line=line, log=probes.HAPROXY_LOG, net=OneAddress(),
        clock=f"{NOW} +0800 500000000",
    )  # fmt: skip
    assert len(observed) == count


HANDSHAKE = '[24/Nov/2026:18:01:00 +0800] "GET /live HTTP/1.1" 426 "Mozilla/5.0"'


def paths_tried(monkeypatch: pytest.MonkeyPatch, line: str) -> list[tuple[str, str]]:
    """The paths of which the application is asked for a WebSocket."""
    tried: list[tuple[str, str]] = []

    async def try_websocket(_: Any, __: WebServerConfig, path: str, source: str) -> None:
        tried.append((path, source))

    monkeypatch.setattr(probes, "try_websocket", try_websocket)
    look(line=line)
    return tried


def test_a_path_at_which_a_browser_may_have_been_refused_a_websocket_is_tried(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert paths_tried(monkeypatch, HANDSHAKE) == [("/live", "logged")]


def test_no_path_is_tried_that_was_answered_or_asked_otherwise(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert not paths_tried(monkeypatch, HANDSHAKE.replace(" 426 ", " 101 "))
    assert not paths_tried(monkeypatch, HANDSHAKE.replace("HTTP/1.1", "HTTP/2.0"))
    assert not paths_tried(monkeypatch, HANDSHAKE.replace("GET", "POST"))


@pytest.mark.parametrize(("text", "expected"), [(SITE, 0), (HTTPS, 1)])
def test_a_server_that_writes_no_requests_is_reported(text: str, expected: int) -> None:
    looking: Any = Looking(RecordedMachine({}))
    config = apache_config(re.sub(r"(?m)^.*CustomLog.*\n", "", text) if expected else text)
    looking.observations += [APACHE, PAGE]
    asyncio.run(probes.after_the_configuration.work(looking, looking.emit(config)))  # type: ignore[arg-type]
    reasons = [each.why for each in looking.observed(Unseen) if "no log of requests" in each.why]
    assert len(reasons) == expected
