"""Which findings and observations match a pasted message."""

from dataclasses import replace

import pytest

from diagnose.checking.met_symptoms import is_met
from diagnose.checking.registry import load_check
from diagnose.checking.symptom_match import may_produce, produces, with_reported_notes
from diagnose.checking.symptom_table import is_listed
from diagnose.model import (
    Claim,
    Evidence,
    Failure,
    Finding,
    Severity,
    Subject,
    Symptom,
    Target,
    Vantage,
)
from diagnose.model.containers import Container, Containers
from diagnose.model.dns import Resolution
from diagnose.model.http import Exchange, Upgrade
from diagnose.model.logs import FailedRequests
from diagnose.model.other_requests import ToldAnswer, ToldDifference
from diagnose.model.pages import PageFileResponse
from diagnose.model.symptom import SymptomKind
from tests.support.check_evidence import CHAT, NOW, SHOP
from tests.support.nginx_evidence import front

FORBIDDEN = Exchange(
    url="https://shop.example.com/", address="203.0.113.10", port=443, status=403, purpose="target"
)


@pytest.mark.parametrize(("number", "severity"), [(403, Severity.WARNING), (404, Severity.NOTE)])
def test_a_note_about_what_is_reported_is_a_warning(number: int, severity: Severity) -> None:
    note = Claim(about=Subject(), because=(FORBIDDEN,), severity=Severity.NOTE)
    raised = [(load_check("nginx.visitor-denied"), note)]
    ((_, claim),) = with_reported_notes(raised, Symptom("status", "m", number))
    assert claim.severity is severity


def test_a_status_is_not_what_a_note_about_connections_says() -> None:
    """It takes a header of the response alone: UDP for HTTP/3 is closed, and the page answers
    403."""
    note = Claim(about=Subject(), because=(FORBIDDEN,), severity=Severity.NOTE)
    raised = [(load_check("firewall.http3-closed"), note)]
    assert with_reported_notes(raised, Symptom("status", "m", 403)) == raised
    ((_, claim),) = with_reported_notes(raised, Symptom("http3", "m"))
    assert claim.severity is Severity.WARNING


def test_an_error_stays_an_error() -> None:
    fault = Claim(about=Subject(), because=(FORBIDDEN,), severity=Severity.ERROR)
    raised = [(load_check("nginx.visitor-denied"), fault)]
    assert with_reported_notes(raised, Symptom("status", "m", 403)) == raised


def test_a_symptom_is_met_by_the_page_of_the_target() -> None:
    evidence = Evidence(SHOP, NOW, (FORBIDDEN,))
    assert is_met(evidence, Symptom("status", "m", 403))
    assert not is_met(evidence, Symptom("status", "m", 404))


def test_a_page_that_is_not_answered_is_what_a_browser_calls_an_empty_response() -> None:
    """`return 444` of nginx ends the connection."""
    ended = Failure("closed", "the connection was closed without an answer")
    page = replace(FORBIDDEN, status=None, failure=ended)
    fault = Finding("", load_check("http.server-error"), Claim(about=Subject(), because=(page,)))
    empty, reset = Symptom("closed", "ERR_EMPTY_RESPONSE"), Symptom("reset", "ECONNRESET")
    assert produces((fault,), empty)
    assert not produces((fault,), reset)
    assert is_met(Evidence(SHOP, NOW, (page,)), empty)
    assert not is_met(Evidence(SHOP, NOW, (replace(page, purpose="favicon"),)), empty)  # type: ignore[arg-type]


def test_a_websocket_that_opens_is_no_page() -> None:
    socket = Target("wss://shop.example.com/ws", "wss", "shop.example.com", 443, "/ws", ("/ws",))
    page = replace(FORBIDDEN, url="https://shop.example.com/ws", status=400)
    opened = Upgrade(
        url=socket.input, address="203.0.113.10", port=443, path="/ws", status=101, accepted=True
    )
    reported = Symptom("status", "m", 400)
    assert is_met(Evidence(socket, NOW, (page,)), reported)
    assert not is_met(Evidence(socket, NOW, (page, opened)), reported)


def test_a_told_request_that_is_answered_leaves_what_else_has_the_status() -> None:
    phone = ToldDifference("agent", "user-agent", "Mozilla/5.0 (iPhone)")
    told = ToldAnswer(
        url="https://shop.example.com/", address="203.0.113.10", port=443, differences=(phone,),
        status=200,
    )  # fmt: skip
    socket = Upgrade(
        url="https://shop.example.com/ws", address="203.0.113.10", port=443, path="/ws", status=403
    )
    target, reported = replace(SHOP, websockets=("/ws",)), Symptom("status", "iPhone: 403", 403)
    assert not is_met(Evidence(target, NOW, (FORBIDDEN, told)), reported)
    assert is_met(Evidence(target, NOW, (told, socket)), reported)


def test_a_name_with_an_address_of_one_family_is_there() -> None:
    missing = Failure("resolution", "No address associated with hostname", -5, "EAI_NODATA")
    without = Resolution(name="shop.example.com", family=6, failure=missing)
    reported = Symptom("name", "DNS_PROBE_FINISHED_NXDOMAIN")
    assert is_met(Evidence(SHOP, NOW, (without,)), reported)
    there = Resolution(name="shop.example.com", family=4, addresses=("203.0.113.10",))
    assert not is_met(Evidence(SHOP, NOW, (without, there)), reported)


def test_a_layer_lists_all_of_its_checks() -> None:
    assert is_listed("tcp.refused", ["tcp.*"])
    assert not is_listed("tls.reset", ["tcp.*", "tls.closed"])


def test_a_status_is_met_by_a_file_of_the_page() -> None:
    missing = PageFileResponse(
        url="https://shop.example.com/a.js",
        address="203.0.113.10",
        port=443,
        page=SHOP.url,
        file_kind="script",
        status=404,
    )
    evidence = Evidence(SHOP, NOW, (missing,))
    assert is_met(evidence, Symptom("status", "m", 404))
    assert not is_met(evidence, Symptom("status", "m", 502))


def test_a_status_is_not_met_by_a_websocket_that_nobody_named() -> None:
    symptom = Symptom("status", "m", 404)
    assert not is_met(Evidence(SHOP, NOW, (front(404, "/ws"),)), symptom)
    assert is_met(Evidence(CHAT, NOW, (front(404, "/ws"),)), symptom)


@pytest.mark.parametrize(
    ("words", "severity"),
    [
        ("404", Severity.WARNING),
        ("GET https://shop.example.com/wiki/Coffee_(drink) 404 (Not Found)", Severity.WARNING),
        ("all pages below /wiki/* are not found (404)", Severity.WARNING),
        ('"GET /wiki/Coffee_(drink) HTTP/1.1" 404', Severity.WARNING),
        ('open() "/var/www/wiki/x" failed, 404', Severity.WARNING),
        ("404 at /wiki/Tea_(drink)", Severity.NOTE),
        ("https://shop.example.com/wiki/Tea 404", Severity.NOTE),
    ],
)
def test_a_request_of_the_log_is_not_what_a_message_says_of_another_path(
    words: str, severity: Severity
) -> None:
    failed = FailedRequests(
        vantage=Vantage.SERVER, file="/var/log/nginx/access.log", method="GET",
        path="/wiki/Coffee_(drink)", status=404, written="28/Nov/2026:21:48:25 +0000",
    )  # fmt: skip
    note = Claim(about=Subject(), because=(failed,), severity=Severity.NOTE)
    raised = [(load_check("nginx.other-requests-failed"), note)]
    ((_, claim),) = with_reported_notes(raised, Symptom("status", words, 404))
    assert claim.severity is severity


@pytest.mark.parametrize(
    ("words", "is_it"),
    [
        ("disconnects after a minute", True),
        ("60秒后自动断开连接", True),
        ("closed after 10 minutes", False),
        ("code 1006", False),
    ],
)
@pytest.mark.parametrize("kind", ["websocket-closed", "closed"])
def test_a_timeout_is_what_the_message_tells_with_its_time(
    words: str, is_it: bool, kind: SymptomKind
) -> None:
    claim = Claim(about=Subject(), because=(), facts={"seconds": 60})
    finding = Finding("f1", load_check("websocket.idle-default"), claim)
    assert produces((finding,), Symptom(kind, words)) is is_it


#: What nginx wrote in a container that has ended.
EMERG = (
    '[emerg] 1#1: open() "/etc/letsencrypt/options-ssl-nginx.conf" failed (2: No such file or '
    "directory) in /etc/nginx/conf.d/shop.conf:13"
)


@pytest.mark.parametrize(
    ("words", "is_quoted"),
    [
        ('The README. open() "/etc/letsencrypt/options-ssl-nginx.conf" failed (2: No such', True),
        # The same words about another file.
        ('open() "/var/www/favicon.ico" failed (2: No such file or directory)', False),
        ("No such file or directory", False),
        ("nginx does not start", False),
    ],
)
def test_a_message_that_quotes_what_a_program_wrote_is_of_the_finding(
    words: str, is_quoted: bool
) -> None:
    container = Container(engine="docker", id="a" * 12, name="web", last_words=EMERG)
    stopped = Containers(engines=("docker",), containers=(container,))
    claims = (
        Claim(about=Subject(), because=(stopped,)),
        Claim(about=Subject(), because=(), facts={"words": EMERG}),
    )
    for claim in claims:
        finding = Finding("f1", load_check("listener.container-stopped"), claim)
        assert produces((finding,), Symptom("body-size", words)) is is_quoted


@pytest.mark.parametrize("kind", ["acme", "acme-response"])
@pytest.mark.parametrize("check", ["http.no-redirect", "server.redirect-missing"])
def test_no_redirect_fails_no_challenge(kind: SymptomKind, check: str) -> None:
    """An authority asks on port 80, and needs no redirect."""
    claim = Claim(about=Subject(), because=(FORBIDDEN,))
    plain = Finding("", load_check(check), claim)
    folder = Finding("", load_check("nginx.challenge-folder"), claim)
    symptom = Symptom(kind, "certbot: the challenge failed")
    assert not may_produce((plain,), symptom)
    assert not produces((plain,), symptom)
    assert produces((folder,), symptom)
