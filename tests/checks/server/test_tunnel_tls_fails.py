"""server.tunnel-tls-fails: when it fires, and when it is silent."""

from dataclasses import replace

import pytest

from diagnose.model import Applicability, Confidence, Edit, Failure, Vantage
from diagnose.model.backends import BackendHandshake
from diagnose.model.http import Exchange
from diagnose.model.processes import TunnelRule
from diagnose.parsers.tunnel_rules import ingress_rules
from tests.support.certificates import leaf
from tests.support.check_evidence import judge

CHECK = "server.tunnel-tls-fails"
PAGE = Exchange(
    url="https://shop.example.com/", address="203.0.113.10", port=443, status=502,
    headers=(("CF-RAY", "8474b7654d1e1143-ORD"),),
)  # fmt: skip
TEXT = (
    "tunnel: 6ff42ae2\ningress:\n  - hostname: shop.example.com\n"
    "    service: https://localhost:443\n  - service: http_status:404\n"
)
SHAKEN = BackendHandshake(
    vantage=Vantage.SERVER, target="https://localhost:443", host="localhost", port=443,
    server_name="localhost", verify_code=0, verify_text="ok", chain=(leaf(),),
)  # fmt: skip
WITH_NAME = replace(SHAKEN, server_name="shop.example.com")


def rule(text: str = TEXT, **other: object) -> TunnelRule:
    own = ingress_rules(text)[0]
    given = TunnelRule(
        vantage=Vantage.SERVER, program="cloudflared", pid=9, unit="cloudflared.service",
        file="/etc/cloudflared/config.yml", text=text, name=own.host, service=own.service,
        server_name=own.server_name, line=own.line, column=own.column,
        origin_line=own.origin_line, origin_column=own.origin_column,
    )  # fmt: skip
    return replace(given, **other)  # type: ignore[arg-type]


def added(*seen: TunnelRule | BackendHandshake, page: Exchange = PAGE) -> list[str]:
    """The lines that the edit adds."""
    (claim,) = judge(CHECK, *seen, page, masked=False)
    assert claim.confidence is Confidence.CERTAIN
    assert claim.fix is not None
    (edit,) = [step for step in claim.fix.steps if isinstance(step, Edit)]
    assert claim.fix.applicability is Applicability.REVIEW
    return [row[1:] for row in edit.diff.split("\n")[2:] if row.startswith("+")]


def test_fires_where_the_certificate_has_another_name_than_the_address() -> None:
    assert added(rule(), SHAKEN, WITH_NAME) == [
        "    originRequest:",
        "      originServerName: shop.example.com",
    ]
    below = TEXT.replace(":443\n", ":443\n    originRequest:\n      connectTimeout: 3s\n")
    assert added(rule(below), SHAKEN, WITH_NAME) == ["      originServerName: shop.example.com"]


def test_fires_where_nobody_issued_the_certificate() -> None:
    own = replace(SHAKEN, verify_code=18, verify_text="self-signed certificate")
    assert added(rule(), own, replace(own, server_name="shop.example.com")) == [
        "    originRequest:",
        "      noTLSVerify: true",
    ]


def test_fires_where_the_port_speaks_plain_http() -> None:
    plain = replace(SHAKEN, verify_code=None, plain=True, chain=())
    assert added(rule(), plain) == ["    service: http://localhost:443"]


@pytest.mark.parametrize(
    "page",
    [
        PAGE,
        replace(PAGE, status=400, body="The plain HTTP request was sent to HTTPS port"),
    ],
)
def test_fires_where_the_port_speaks_tls(page: Exchange) -> None:
    text = TEXT.replace("https://localhost:443", "http://localhost:8443")
    seen = replace(WITH_NAME, target="http://localhost:8443", port=8443, status=200)
    assert added(rule(text), seen, page=page) == [
        "    service: https://localhost:8443",
        "    originRequest:",
        "      originServerName: shop.example.com",
    ]


def test_fires_for_the_dashboard_and_a_container_with_words() -> None:
    for other in (rule(file="", line=0), rule(container="0a1b2c3d4e5f", unit="")):
        (claim,) = judge(CHECK, other, SHAKEN, WITH_NAME, PAGE)
        assert claim.fix is not None
        assert claim.fix.applicability is Applicability.MANUAL


def test_fires_with_a_restart_where_the_file_is_newer() -> None:
    (claim,) = judge(CHECK, rule(is_outdated=True), SHAKEN, WITH_NAME, PAGE, masked=False)
    assert claim.fix is not None
    assert len(claim.fix.steps) == 1
    assert not isinstance(claim.fix.steps[0], Edit)


def test_silent_where_the_certificate_is_accepted() -> None:
    assert not judge(CHECK, rule(), replace(SHAKEN, chain=(leaf(dns_names=("localhost",)),)), PAGE)
    text = TEXT.replace(
        ":443\n", ":443\n    originRequest:\n      originServerName: shop.example.com\n"
    )
    assert not judge(CHECK, rule(text), WITH_NAME, PAGE)
    origin = replace(
        WITH_NAME,
        verify_code=20,
        chain=(leaf(issuer="O=CloudFlare, Inc.,OU=CloudFlare Origin SSL Certificate Authority"),),
    )
    assert not judge(CHECK, rule(text), origin, PAGE)


def test_silent_where_the_page_does_not_come_through_cloudflare_or_fails_otherwise() -> None:
    for page in (
        replace(PAGE, headers=(("Server", "nginx"),)),
        replace(PAGE, status=200),
        replace(PAGE, status=403),
        replace(PAGE, status=None, failure=Failure("timeout", "timed out")),
    ):
        assert not judge(CHECK, rule(), SHAKEN, WITH_NAME, page)


def test_silent_where_the_port_answers_nothing() -> None:
    assert not judge(CHECK, rule(), replace(SHAKEN, verify_code=None, chain=()), PAGE)
    text = TEXT.replace("https://localhost:443", "http://localhost:8443")
    seen = replace(WITH_NAME, target="http://localhost:8443", port=8443, status=502)
    assert not judge(CHECK, rule(text), seen, PAGE)
