"""server.traefik-default-certificate: when it fires, and when it is silent."""

from dataclasses import replace

import pytest

from diagnose.model import Applicability, Edit, Manual
from diagnose.model.tls import Handshake
from diagnose.model.traefik import Router
from diagnose.model.web_servers import ServerFile, WebServerConfig
from tests.support.certificates import LEAF
from tests.support.check_evidence import judge
from tests.support.traefik_evidence import ROUTER, TRAEFIK, state

CHECK = "server.traefik-default-certificate"
DEFAULT = replace(LEAF, subject="CN=TRAEFIK DEFAULT CERT", issuer="CN=TRAEFIK DEFAULT CERT")
SHAKE = Handshake(
    address="203.0.113.10", port=443, server_name="shop.example.com", chain=(DEFAULT,)
)


def test_fires_from_outside() -> None:
    (claim,) = judge(CHECK, SHAKE)
    assert claim.facts["name"] == "shop.example.com"


@pytest.mark.parametrize(
    ("router", "reason"),
    [
        (replace(ROUTER, resolver=""), "no_resolver"),
        (replace(ROUTER, resolver="letsencrypt"), "unknown_resolver"),
        (ROUTER, "not_issued"),
        (replace(ROUTER, has_name=False), "no_router"),
    ],
)
def test_fires_with_the_reason(router: Router, reason: str) -> None:
    (claim,) = judge(CHECK, TRAEFIK, state(router), SHAKE)
    assert claim.facts[reason] is True


def test_no_router_is_called_missing_that_stands_in_a_refused_file() -> None:
    """An empty middleware `headers: {}`: Traefik takes nothing of the file."""
    text = "http:\n  routers:\n    shop:\n      rule: Host(`shop.example.com`)\n"
    config = WebServerConfig(product="traefik", path="/t", files=(ServerFile("/t.yml", text),))
    given = state(replace(ROUTER, has_name=False))
    (claim,) = judge(CHECK, TRAEFIK, given, config, SHAKE)
    assert not claim.facts["no_router"]
    assert claim.fix
    (step,) = claim.fix.steps
    assert isinstance(step, Manual)
    assert step.step == "look"


@pytest.mark.parametrize(
    ("line", "resolver", "added"),
    [
        ("tls: {}", "", "tls: {certResolver: le}"),
        ("tls: {certResolver: letsencrypt}", "letsencrypt", "tls: {certResolver: le}"),
        ("tls:\n        certResolver: letsencrypt", "letsencrypt", "certResolver: le"),
    ],
)
def test_fires_with_the_only_resolver(line: str, resolver: str, added: str) -> None:
    text = f"http:\n  routers:\n    shop:\n      rule: x\n      {line}\n"
    config = WebServerConfig(product="traefik", path="/t", files=(ServerFile("/t.yml", text),))
    given = state(replace(ROUTER, resolver=resolver))
    (claim,) = judge(CHECK, TRAEFIK, given, config, SHAKE)
    assert claim.fix
    (edit,) = claim.fix.steps
    assert isinstance(edit, Edit)
    assert f" {added}\n" in edit.diff
    assert claim.fix.applicability is Applicability.REVIEW
    assert claim.facts["setting"] == "tls: {certResolver: le}"


def test_fires_without_a_resolver_where_there_are_several() -> None:
    given = replace(state(replace(ROUTER, resolver="")), resolvers=("le", "staging"))
    (claim,) = judge(CHECK, TRAEFIK, given, SHAKE)
    assert claim.facts["setting"] == ""


def test_silent_on_another_certificate() -> None:
    assert not judge(CHECK, replace(SHAKE, chain=(LEAF,)))
    assert not judge(CHECK, TRAEFIK, state(ROUTER), replace(SHAKE, port=8443))
