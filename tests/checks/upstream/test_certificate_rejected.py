"""upstream.certificate-rejected: when it fires, and when it is silent."""

from dataclasses import replace

import pytest

from diagnose.model import Claim, Edit, Vantage
from diagnose.model.backends import BackendHandshake
from tests.support.certificates import ROOT
from tests.support.check_evidence import judge
from tests.support.nginx_evidence import BUILD, RUNNING
from tests.support.upstreams import PAGE, WELL, line, proxied

CHECK = "upstream.certificate-rejected"
TARGET = "https://127.0.0.1:3443"
VERIFIED = "\n        proxy_ssl_verify on;"
UNKNOWN = line(
    "upstream SSL certificate verify error: (20:unable to get local issuer certificate)"
    " while SSL handshaking to upstream",
    f"{TARGET}/",
)
OTHER = line(
    'upstream SSL certificate does not match "127.0.0.1" while SSL handshaking to upstream',
    f"{TARGET}/",
)


def test_fires_where_nobody_is_trusted() -> None:
    site = proxied(TARGET, more=VERIFIED)
    (claim,) = judge(CHECK, site, BUILD, RUNNING, PAGE, UNKNOWN)
    assert claim.facts["trusts_nobody"]
    assert claim.facts["reason"] == "unable to get local issuer certificate"
    assert claim.facts["depth"] == "1"


def test_fires_and_says_whom_nginx_trusts_and_how_deep() -> None:
    more = "\n proxy_ssl_trusted_certificate /etc/ca.pem;\n proxy_ssl_verify_depth 2;"
    (claim,) = judge(CHECK, proxied(TARGET, more=VERIFIED + more), PAGE, UNKNOWN)
    assert claim.facts["trusted"] == "/etc/ca.pem"
    assert claim.facts["depth"] == "2"


def test_fires_on_another_name() -> None:
    (claim,) = judge(CHECK, proxied(TARGET, more=VERIFIED), PAGE, OTHER)
    assert claim.facts["name"] == "127.0.0.1"
    assert not claim.facts["reason"]


SHAKE = BackendHandshake(
    vantage=Vantage.SERVER,
    target=TARGET,
    host="127.0.0.1",
    port=3443,
    server_name="app.internal",
    verify_code=0,
    chain=(replace(ROOT, dns_names=("app.internal",)),),
)


def named(handshake: BackendHandshake) -> tuple[Claim, str]:
    (claim,) = judge(CHECK, proxied(TARGET, more=VERIFIED), PAGE, OTHER, handshake)
    edits = [step.diff for step in claim.fix.steps if isinstance(step, Edit)] if claim.fix else []
    return claim, "".join(edits)


def test_the_name_that_the_certificate_has_is_sent() -> None:
    claim, diff = named(SHAKE)
    assert claim.facts["right_name"] == "app.internal"
    assert "proxy_ssl_name app.internal;" in diff
    assert "proxy_ssl_server_name on;" in diff


def test_the_visitors_own_name_is_its_variable() -> None:
    leaf = replace(ROOT, dns_names=("shop.example.com",))
    _, diff = named(replace(SHAKE, server_name="shop.example.com", chain=(leaf,)))
    assert "proxy_ssl_name $host;" in diff


@pytest.mark.parametrize(
    "other",
    [
        replace(SHAKE, verify_code=20),
        replace(SHAKE, server_name="shop.internal"),
        replace(SHAKE, target="https://127.0.0.1:9443"),
        replace(SHAKE, chain=()),
    ],
)
def test_a_name_that_does_not_pass_is_not_sent(other: BackendHandshake) -> None:
    claim, diff = named(other)
    assert (claim.facts["right_name"], diff) == ("", "")


TRUSTED = f"{VERIFIED}\n        proxy_ssl_trusted_certificate /etc/ca.pem;"
MIDDLE = replace(ROOT, subject="CN=Middle", issuer="CN=Example Root")
LONG = replace(SHAKE, chain=(replace(ROOT, subject="CN=app", issuer="CN=Low"), MIDDLE, MIDDLE))


def test_fires_and_accepts_a_chain_that_passes_at_its_length() -> None:
    site = proxied(TARGET, more=TRUSTED)
    (claim,) = judge(CHECK, site, BUILD, RUNNING, PAGE, UNKNOWN, LONG)
    assert claim.facts["intermediates"] == 2
    assert claim.fix
    assert "proxy_ssl_verify_depth 2;" in claim.fix.edits[0].diff


@pytest.mark.parametrize(
    "other",
    [
        replace(LONG, verify_code=20),
        replace(LONG, chain=LONG.chain[:2]),
        replace(LONG, chain=(*LONG.chain[:2], ROOT)),
        replace(LONG, target="https://127.0.0.1:9443"),
    ],
    ids=["not trusted", "one", "one and the root", "another"],
)
def test_a_chain_of_one_intermediate_is_not_too_long(other: BackendHandshake) -> None:
    site = proxied(TARGET, more=TRUSTED)
    (claim,) = judge(CHECK, site, BUILD, RUNNING, PAGE, UNKNOWN, other)
    assert not claim.facts["intermediates"]
    assert claim.fix
    assert not claim.fix.edits


@pytest.mark.parametrize(
    "observations",
    [
        (proxied(TARGET), WELL, UNKNOWN),
        (proxied("http://127.0.0.1:3443"), PAGE, UNKNOWN),
        (proxied(TARGET), PAGE, line("connect() failed (111: refused)", f"{TARGET}/")),
    ],
    ids=["the page opens", "no TLS", "another error"],
)
def test_silent_when(observations: tuple[object, ...]) -> None:
    assert not judge(CHECK, *observations)  # type: ignore[arg-type]
