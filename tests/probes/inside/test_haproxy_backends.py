import asyncio
import shlex
from dataclasses import replace
from typing import Any

from diagnose.machine import CommandResult
from diagnose.model import Failure, Observation, Unseen
from diagnose.model.haproxy import HandshakeSeries, HaproxyStatus, HaproxyTry
from diagnose.model.http import Exchange
from diagnose.model.tls import Handshake
from diagnose.model.web_servers import ServerFile, WebServer, WebServerConfig
from diagnose.probes.inside import haproxy_backends as probes
from tests.support.fake_context import Looking
from tests.support.recorded_machine import RecordedMachine

TEXT = """\
global
    stats socket /run/haproxy/admin.sock mode 660 level admin
frontend web
    mode http
    bind :443 ssl crt /etc/haproxy/shop.pem
    default_backend app
backend app
    mode http
    option httpchk GET /healthz
    server a 127.0.0.1:3000 check
    server off 127.0.0.1:3001 disabled
"""
SERVER = WebServer(product="haproxy", pid=10, ports=(443,))
PAGE = Exchange(url="https://shop.example.com/", address="203.0.113.10", port=443, status=503)
STATISTICS = (
    "Maxconn: 5\nCurrConns: 1\n\n"
    "# pxname,svname,scur,slim,status,check_status,check_code,last_chk\n"
    "app,a,0,,DOWN,L7STS,404,Not Found\n"
)


class AnyMachine(RecordedMachine):
    """Answers scripts by their program: the statistics, curl by its URL, openssl."""

    statistics = CommandResult((), 0, STATISTICS, "", 0.0)

    async def run(self, *argv: str, timeout: float = 8.0) -> CommandResult:
        self.commands_run.append(shlex.join(argv))
        if argv[2:3] == (probes.STATISTICS,):
            return self.statistics
        if argv[0] == "openssl":
            return CommandResult(argv, 0, "", "", 0.0)
        status = 404 if argv[-1].endswith("/healthz") else 200
        return CommandResult(argv, 0, "", f"< HTTP/1.1 {status} x\r\n", 0.0)


def config(text: str = TEXT) -> WebServerConfig:
    return WebServerConfig(product="haproxy", path="x", files=(ServerFile("/x.cfg", text),))


def run(probe: Any, *before: Observation, machine: RecordedMachine | None = None) -> Looking:
    ctx = Looking(machine or AnyMachine())
    ctx.observations += before
    asyncio.run(probe.work(ctx, before[-1]))
    return ctx


def test_nothing_is_asked_while_the_site_works() -> None:
    looking = run(probes.haproxy_config, SERVER, replace(PAGE, status=200), config())
    assert looking.machine.commands_run == []  # type: ignore[attr-defined]


def test_after_a_503_the_statistics_and_the_servers_are_asked() -> None:
    looking = run(probes.page_failed, SERVER, config(), PAGE)
    (status,) = looking.observed(HaproxyStatus)
    assert status.servers[0].is_down
    page, check, named = looking.observed(HaproxyTry)
    assert (page.purpose, page.status, page.name) == ("page", 200, "a")
    assert (check.purpose, check.path, check.status) == ("check", "/healthz", 404)
    assert (named.purpose, named.path, named.status) == ("named-check", "/healthz", 404)
    assert "Host: shop.example.com" in named.equivalent


def test_after_a_500_the_statistics_alone_are_read_once() -> None:
    page = replace(PAGE, status=500)
    machine = AnyMachine()
    table = "# pxname,svname,scur,slim,status,wrew\nweb,FRONTEND,0,5,OPEN,2\n"
    machine.statistics = CommandResult((), 0, table, "", 0.0)
    for probe, before in (
        (probes.page_failed, (SERVER, config(), page)),
        (probes.haproxy_config, (SERVER, page, config())),
    ):
        looking = run(probe, *before, machine=machine)
        (status,) = looking.observed(HaproxyStatus)
        assert status.failed_rewrites == ("web",)
        assert looking.observed(HaproxyTry) == ()
    again = replace(page, address="203.0.113.11")
    assert not run(probes.page_failed, SERVER, config(), page, again).observed(HaproxyStatus)


def test_a_check_that_has_the_sites_name_is_asked_once() -> None:
    sends = "GET /healthz HTTP/1.1\n    http-check send hdr Host shop.example.com"
    named = config(TEXT.replace("GET /healthz", sends))
    looking = run(probes.page_failed, SERVER, named, PAGE)
    assert [attempt.purpose for attempt in looking.observed(HaproxyTry)] == ["page", "check"]


def test_it_is_asked_as_well_if_the_page_failed_before_the_configuration_was_known() -> None:
    looking = run(probes.haproxy_config, SERVER, PAGE, config())
    assert len(looking.observed(HaproxyTry)) == 3


def test_a_second_failure_asks_no_more() -> None:
    looking = run(probes.page_failed, SERVER, config(), PAGE, replace(PAGE, address="203.0.113.11"))
    assert looking.observed(HaproxyTry) == ()


def test_another_server_is_not_asked() -> None:
    other = replace(SERVER, product="apache")
    assert (
        run(probes.page_failed, other, replace(config(), product="apache"), PAGE).observed(
            HaproxyTry
        )
        == ()
    )


def test_statistics_that_may_not_be_read_are_not_observed() -> None:
    machine = AnyMachine()
    machine.statistics = CommandResult((), 1, "", "Permission denied\n", 0.0)
    looking = run(probes.page_failed, SERVER, config(), PAGE, machine=machine)
    assert not looking.observed(HaproxyStatus)
    assert looking.observed(Unseen)


def test_a_frontend_that_waits_for_a_header_is_asked_with_it_and_without() -> None:
    waits = config(TEXT.replace(":443 ssl", ":443 accept-proxy ssl"))
    reset = Failure("reset", "Connection reset by peer", 104)
    failed = Handshake(address="203.0.113.10", port=443, failure=reset)
    looking = run(probes.haproxy_config, SERVER, failed, waits)
    tries = [
        haproxy_try.proxied
        for haproxy_try in looking.observed(HaproxyTry)
        if haproxy_try.purpose == "front"
    ]
    assert tries == [False, True]
    assert not run(probes.haproxy_config, SERVER, waits).observed(HaproxyTry), "nothing failed"


def test_handshakes_are_repeated_where_the_name_is_read_too_early() -> None:
    text = """\
frontend tls
    mode tcp
    bind :443
    use_backend shop if { req.ssl_sni -i shop.example.com }
    default_backend other
"""
    (series,) = run(probes.haproxy_config, SERVER, config(text)).observed(HandshakeSeries)
    assert series.certificates == ("",) * probes.SERIES
    waits = text.replace("bind :443", "bind :443\n    tcp-request inspect-delay 5s")
    assert not run(probes.haproxy_config, SERVER, config(waits)).observed(HandshakeSeries)


def test_a_health_check_is_repeated_if_it_changes_nothing_and_without_its_password() -> None:
    post = config(TEXT.replace("GET /healthz", "POST /healthz"))
    looking = run(probes.page_failed, SERVER, post, PAGE)
    assert [haproxy_try.purpose for haproxy_try in looking.observed(HaproxyTry)] == ["page"]
    secret = TEXT.replace(
        "GET /healthz", "GET /healthz\n    http-check send hdr Authorization hush-hush"
    )
    looking = run(probes.page_failed, SERVER, config(secret), PAGE)
    check = looking.observed(HaproxyTry)[1]
    assert (check.purpose, check.status) == ("check", 404)
    assert "-H 'Authorization: ***'" in check.equivalent


def test_a_failed_handshake_is_a_failure_and_a_certificate_without_trust_is_none() -> None:
    reset = Failure("reset", "Connection reset by peer", 104)
    failed = Handshake(address="203.0.113.10", port=443, failure=reset)
    assert run(probes.handshake_failed, SERVER, config(), failed).observed(HaproxyTry)
    other = replace(failed, variant="old")
    assert not run(probes.handshake_failed, SERVER, config(), other).observed(HaproxyTry)


def test_the_page_is_asked_with_the_name_that_haproxy_sets() -> None:
    text = TEXT.replace("    option", "    http-request set-header Host app.internal\n    option")
    looking = run(probes.page_failed, SERVER, config(text), PAGE)
    assert "-H 'Host: app.internal'" in looking.observed(HaproxyTry)[0].equivalent


def test_a_header_before_tls_that_is_passed_on_is_tried_with_tls() -> None:
    text = (
        "frontend web\n    mode tcp\n    bind :443\n    default_backend app\n"
        "backend app\n    mode tcp\n    server a 127.0.0.1:8443 send-proxy-v2\n"
    )
    looking = run(probes.page_failed, SERVER, config(text), replace(PAGE, status=400))
    tries = looking.observed(HaproxyTry)
    assert [attempt.proxied for attempt in tries] == [True, False]
    assert "--connect-to ::127.0.0.1:8443" in tries[1].equivalent
    assert tries[1].equivalent.endswith("https://shop.example.com/")
    plain = text.replace(" send-proxy-v2", "")
    looking = run(probes.page_failed, SERVER, config(plain), replace(PAGE, status=400))
    (attempt,) = looking.observed(HaproxyTry)
    assert not attempt.proxied
    assert attempt.equivalent.endswith("https://shop.example.com/")


def test_a_header_is_tried_where_a_page_or_the_answer_without_it_is_refused() -> None:
    sends = TEXT.replace(":3000 check", ":3000 send-proxy")
    looking = run(probes.page_failed, SERVER, config(sends), replace(PAGE, status=404))
    assert [attempt.proxied for attempt in looking.observed(HaproxyTry)] == [True, False]
    looking = run(probes.page_failed, SERVER, config(TEXT), replace(PAGE, status=404))
    assert not looking.observed(HaproxyTry)


def test_a_check_of_a_server_that_gets_the_tls_of_visitors_may_have_its_own() -> None:
    text = (
        "frontend web\n    mode tcp\n    bind :443\n    default_backend app\n"
        "backend app\n    mode tcp\n    option httpchk\n    server a 127.0.0.1:8443 check"
    )
    for words, url in (("", "http:"), (" check-ssl verify none", "https:")):
        looking = run(probes.page_failed, SERVER, config(text + words), replace(PAGE, status=503))
        (health,) = [one for one in looking.observed(HaproxyTry) if one.purpose == "check"]
        assert f" {url}//127.0.0.1:8443/" in health.equivalent


MIXED = TEXT.replace("127.0.0.1:3001 disabled", "127.0.0.1:3001 ssl verify none")


class PlainPorts(AnyMachine):
    """Both ports speak HTTP without TLS."""

    async def run(self, *argv: str, timeout: float = 8.0) -> CommandResult:
        if argv[-1].startswith("https://127.0.0.1"):
            self.commands_run.append(shlex.join(argv))
            return CommandResult(argv, 35, "", "curl: (35) wrong version number\n", 0.0)
        return await super().run(*argv, timeout=timeout)


def test_each_server_is_asked_where_some_get_tls() -> None:
    page = replace(PAGE, status=200)
    ctx = run(probes.haproxy_config, SERVER, page, config(MIXED), machine=PlainPorts())
    tries = [t for t in ctx.observations if isinstance(t, HaproxyTry) and t.purpose == "protocol"]
    assert [(t.name, t.tls, t.status) for t in tries] == [
        ("a", False, 200),
        ("off", True, None),
        ("off", False, 200),
    ]


def test_no_server_is_asked_where_none_gets_tls() -> None:
    ctx = run(probes.haproxy_config, SERVER, replace(PAGE, status=200), config())
    assert not [t for t in ctx.observations if isinstance(t, HaproxyTry)]
