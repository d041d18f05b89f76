"""server.traefik-other-network: when it fires, and when it is silent. Traefik does not run here:
what it does is that of its documentation ("Traefik & Docker"), of traefik/traefik 1254, 5040, 6597
and nextcloud/docker 1549."""

from dataclasses import replace

import pytest

from diagnose.model import Confidence
from diagnose.model.containers import NginxContainer
from diagnose.model.traefik import Router
from tests.support.check_evidence import judge, texts
from tests.support.traefik_evidence import NOT_FOUND, ROUTER, TRAEFIK, state

CHECK = "server.traefik-other-network"
SERVER = replace(TRAEFIK, container="traefik", unit="")
OWN = NginxContainer(pid=10, engine="docker", digest="5e" * 32, name="traefik", networks=("proxy",))
APP = replace(ROUTER, name="shop@docker", container="shop", networks=("shop_default",))
LATE = replace(NOT_FOUND, status=504, body="Gateway Timeout")
BOTH = ("proxy", "shop_default")


@pytest.mark.parametrize(
    ("router", "reason"),
    [
        (APP, "apart"),
        (replace(APP, networks=BOTH), "any"),
        (replace(APP, networks=BOTH, network="default"), "any"),
        (replace(APP, networks=BOTH, network="shop_default"), "chosen"),
    ],
)
def test_fires_with_the_reason(router: Router, reason: str) -> None:
    (claim,) = judge(CHECK, SERVER, state(router, running=False), OWN, LATE, masked=False)
    assert [name for name in ("apart", "any", "chosen") if claim.facts[name]] == [reason]
    assert claim.confidence is Confidence.LIKELY
    expected = "docker network connect proxy shop" if reason == "apart" else "network=proxy"
    assert any(expected in text for text in texts(CHECK, claim))


@pytest.mark.parametrize(
    "router",
    [
        replace(APP, networks=("proxy",)),
        replace(APP, networks=BOTH, network="proxy"),
        replace(APP, networks=("host",)),
        replace(APP, networks=()),
        replace(APP, takes=None),
        replace(APP, status="disabled"),
        replace(APP, entry_points=("web",)),
        ROUTER,
    ],
)
def test_silent_where_they_share_the_network_or_it_is_not_known(router: Router) -> None:
    assert not judge(CHECK, SERVER, state(router, running=False), OWN, LATE)


def test_silent_on_other_answers_and_other_places() -> None:
    unreached = replace(LATE, status=502)
    both = state(replace(APP, networks=BOTH), running=False)
    apart = state(APP, running=False)
    assert not judge(CHECK, SERVER, both, OWN, unreached)
    assert judge(CHECK, SERVER, apart, OWN, unreached)
    assert not judge(CHECK, SERVER, apart, OWN, replace(LATE, status=200))
    assert not judge(CHECK, SERVER, apart, replace(OWN, networks=("host",)), LATE)
    assert not judge(CHECK, SERVER, state(APP, replace(APP, name="a")), OWN, LATE)
