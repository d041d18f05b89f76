"""server.traefik-default-certificate: when it fires, and when it is silent."""

from dataclasses import replace

import pytest

from diagnose.model.tls import Handshake
from diagnose.model.traefik import Router
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


def test_silent_on_another_certificate() -> None:
    assert not judge(CHECK, replace(SHAKE, chain=(LEAF,)))
    assert not judge(CHECK, TRAEFIK, state(ROUTER), replace(SHAKE, port=8443))
