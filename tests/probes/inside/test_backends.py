import asyncio
import shlex
from dataclasses import replace
from typing import Any

from diagnose.machine import CommandResult
from diagnose.model import Failure, Observation
from diagnose.model.backends import BackendAnswer, BackendHandshake, BackendSocket
from diagnose.model.http import Exchange, Upgrade
from diagnose.probes.inside import backends as probes
from tests.support.fake_context import Looking
from tests.support.haproxy_evidence import SERVER as HAPROXY
from tests.support.haproxy_evidence import config as haproxy_config
from tests.support.recorded_machine import RecordedMachine
from tests.support.web_server_evidence import APACHE, HTTPS, apache_config

PAGE = Exchange(url="https://shop.example.com/", address="203.0.113.10", port=443, status=502)
LOOP = replace(PAGE, status=301, headers=(("Location", "https://shop.example.com/"),))
SECURE = apache_config(HTTPS.replace("http://127.0.0.1:3000", "https://127.0.0.1:3443"))
CERTIFICATE = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"


class AnyMachine(RecordedMachine):
    """Answers openssl with `shaken`, and curl by the header that it sends."""

    def __init__(self, shaken: str = "", plain: str = "") -> None:
        super().__init__({})
        self.shaken, self.plain = shaken, plain

    async def run(self, *argv: str, timeout: float = 8.0) -> CommandResult:
        self.commands_run.append(shlex.join(argv))
        if argv[0] == "openssl":
            return CommandResult(argv, 1, self.shaken, "", 0.0)
        head = "< HTTP/1.1 200 OK\r\n"
        if "X-Forwarded-Proto: https" not in argv:
            head = "< HTTP/1.1 301 Moved\r\n< Location: https://shop.example.com/\r\n"
        return CommandResult(argv, 0, "", self.plain or head, 0.0)


def ask_backends(machine: RecordedMachine, *before: Observation) -> Looking:
    looking = Looking(machine)
    looking.observations += before
    probe: Any = probes.backends_of_config
    config = next(each for each in before if type(each).__name__ == "WebServerConfig")
    asyncio.run(probe.work(looking, config))
    return looking


def test_the_handshake_with_a_tls_backend() -> None:
    text = f"{CERTIFICATE}Verify return code: 18 (self-signed certificate)\n"
    (shaken,) = ask_backends(AnyMachine(text), APACHE, SECURE, PAGE).observed(BackendHandshake)
    assert (shaken.verify_code, shaken.plain, shaken.port) == (18, False, 3443)
    assert shaken.server_name == "127.0.0.1"
    assert "-noservername" in shaken.equivalent


def test_a_backend_that_refuses_a_handshake_without_its_name_is_asked_with_the_sites() -> None:
    closes = AnyMachine(plain="* Empty reply from server\n")
    shaken = ask_backends(closes, APACHE, SECURE, PAGE).observed(BackendHandshake)
    assert [each.server_name for each in shaken] == ["127.0.0.1", "shop.example.com"]


def test_a_backend_that_answers_plain_http() -> None:
    (shaken,) = ask_backends(AnyMachine(), APACHE, SECURE, PAGE).observed(BackendHandshake)
    assert shaken.plain
    wants = AnyMachine(plain="< HTTP/1.1 400 Bad Request\r\n")
    (shaken,) = ask_backends(wants, APACHE, SECURE, PAGE).observed(BackendHandshake)
    assert shaken.plain, "it does not say that it wants TLS"
    timed_out = replace(PAGE, status=None, failure=Failure("timeout", "timed out"))
    assert ask_backends(AnyMachine(), APACHE, SECURE, timed_out).observed(BackendHandshake)


def test_an_application_that_does_not_answer_plain_http_is_asked_with_tls() -> None:
    text = f"{CERTIFICATE}Verify return code: 18 (self-signed certificate)\n"
    closes = AnyMachine(text, plain="* Empty reply from server\n")
    (shaken,) = ask_backends(closes, APACHE, apache_config(), PAGE).observed(BackendHandshake)
    assert (shaken.verify_code, shaken.plain, shaken.port) == (18, False, 3000)
    (shaken,) = ask_backends(AnyMachine(text), APACHE, apache_config(), PAGE).observed(
        BackendHandshake
    )
    assert shaken.plain, "it speaks both"
    broken = replace(PAGE, status=500)
    assert not ask_backends(closes, APACHE, apache_config(), broken).observed(BackendHandshake)


def test_an_application_that_redirects_is_asked_with_and_without_the_scheme() -> None:
    answers = ask_backends(AnyMachine(), APACHE, apache_config(), LOOP).observed(BackendAnswer)
    assert [(answer.host, answer.proto, answer.status) for answer in answers] == [
        ("shop.example.com", "https", 200),
        ("shop.example.com", "", 301),
        ("127.0.0.1:3000", "https", 200),
        ("shop.example.com", "https", 200),
    ]
    assert [answer.forwarded_for for answer in answers] == [False, False, False, True]
    assert answers[1].location == "https://shop.example.com/"


def test_an_application_with_tls_is_asked_over_tls_which_names_its_refusal() -> None:
    refused = replace(PAGE, status=404)
    answers = ask_backends(AnyMachine(), APACHE, SECURE, refused).observed(BackendAnswer)
    assert len(answers) == 4
    assert all(" -k " in answer.equivalent for answer in answers)
    assert all(answer.equivalent.endswith("https://127.0.0.1:3443/") for answer in answers)


def test_a_post_is_repeated_as_a_post_without_a_body() -> None:
    page = replace(PAGE, status=403, method="POST")
    answers = ask_backends(AnyMachine(), APACHE, apache_config(), page).observed(BackendAnswer)
    assert all("-X POST" in answer.equivalent for answer in answers)
    assert all("Origin: https://shop.example.com" in answer.equivalent for answer in answers)


def test_nothing_is_asked_where_the_page_is_well_or_another_has_the_port() -> None:
    for before in (
        (APACHE, SECURE, replace(PAGE, status=200)),
        (replace(APACHE, ports=(8080,)), SECURE, PAGE),
        (replace(APACHE, foreign=True), SECURE, PAGE),
    ):
        assert not ask_backends(machine := AnyMachine(), *before).observed(BackendHandshake)
        assert not machine.commands_run


def test_the_page_that_failed_later_starts_it_once() -> None:
    looking = Looking(AnyMachine())
    looking.observations += (APACHE, apache_config(), LOOP)
    probe: Any = probes.backends_of_page
    asyncio.run(probe.work(looking, LOOP))
    asyncio.run(probe.work(looking, replace(LOOP, address="203.0.113.11")))
    assert len(looking.observed(BackendAnswer)) == 4


def test_an_application_that_answers_400_is_asked_for_the_page_over_tls() -> None:
    text = f"{CERTIFICATE}Verify return code: 18 (self-signed certificate)\n"
    page = replace(PAGE, status=400)
    machine = AnyMachine(text)
    (shaken,) = ask_backends(machine, APACHE, apache_config(), page).observed(BackendHandshake)
    assert (shaken.verify_code, shaken.plain, shaken.status) == (18, False, 200)
    none = ask_backends(AnyMachine(), APACHE, apache_config(), page).observed(BackendHandshake)
    assert [(each.verify_code, each.status) for each in none] == [(None, None)] * 2
    for other in (replace(page, status=404), replace(page, method="POST")):
        looking = ask_backends(AnyMachine(text), APACHE, apache_config(), other)
        assert not looking.observed(BackendHandshake)


def test_a_unix_socket_that_is_not_there() -> None:
    text = HTTPS.replace("http://127.0.0.1:3000/", "unix:/run/app.sock|http://localhost/")
    (found,) = ask_backends(AnyMachine(), APACHE, apache_config(text), PAGE).observed(BackendSocket)
    assert (found.path, found.exists, found.status) == ("/run/app.sock", False, None)


def test_a_refused_websocket_is_asked_for_with_both_names() -> None:
    refused = Upgrade(
        url="wss://shop.example.com/ws",
        path="/ws",
        address="203.0.113.10",
        port=443,
        status=403,
        origin="https://shop.example.com",
    )
    looking = Looking(AnyMachine())
    looking.observations += (APACHE, apache_config(), refused)
    probe: Any = probes.backends_of_websocket
    asyncio.run(probe.work(looking, refused))
    answers = looking.observed(BackendAnswer)
    assert [answer.host for answer in answers] == ["shop.example.com", "127.0.0.1:3000"]
    assert all(answer.websocket and answer.path == "/ws" for answer in answers)
    assert "Origin: https://shop.example.com" in answers[0].equivalent
    asyncio.run(probe.work(looking, refused))
    assert len(looking.observed(BackendAnswer)) == 2


def test_an_application_behind_a_redirect_to_http_is_asked_with_and_without_the_scheme() -> None:
    away = replace(PAGE, status=302, headers=(("Location", "http://shop.example.com/login"),))
    answers = ask_backends(AnyMachine(), APACHE, apache_config(), away).observed(BackendAnswer)
    assert {answer.proto for answer in answers} == {"", "https"}
    stays = replace(away, headers=(("Location", "https://shop.example.com/login"),))
    assert not ask_backends(AnyMachine(), APACHE, apache_config(), stays).observed(BackendAnswer)


def test_the_application_of_the_pages_is_known_beside_a_rule_for_websockets() -> None:
    rule = (
        "RewriteEngine On\n    RewriteCond %{HTTP:Upgrade} =websocket [NC]\n"
        "    RewriteRule /(.*) ws://127.0.0.1:3000/$1 [P,L]\n    ProxyPass / http"
    )
    config = apache_config(HTTPS.replace("ProxyPass / http", rule))
    answers = ask_backends(AnyMachine(), APACHE, config, LOOP).observed(BackendAnswer)
    assert {answer.target for answer in answers} == {"http://127.0.0.1:3000/"}


def test_an_application_with_a_name_of_its_own_in_tls_is_asked_with_it() -> None:
    text = """\
frontend web
    mode http
    bind :443 ssl crt /a.pem
    default_backend app
backend app
    mode http
    server a 127.0.0.1:8443 ssl verify none sni str(app.internal)
"""
    looking = ask_backends(AnyMachine(), HAPROXY, haproxy_config(text), LOOP)
    answers = looking.observed(BackendAnswer)
    assert answers
    for answer in answers:
        assert answer.equivalent.endswith("https://app.internal:8443/")
        assert "--connect-to ::127.0.0.1:8443" in answer.equivalent
