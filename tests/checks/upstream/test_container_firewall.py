"""Docker does not run here: what it and the kernel say is given as literals."""

from dataclasses import replace

import pytest

from diagnose.model import Failure, Vantage
from diagnose.model.containers import Containers, Namespace, NginxContainer
from diagnose.model.firewall import Firewalld, Zone
from diagnose.model.nginx import UpstreamTry
from diagnose.model.server import Interface
from tests.checks.upstream.test_container_loopback import APP, OWN
from tests.checks.upstream.test_refused import DOWN
from tests.support.check_evidence import judge, texts
from tests.support.firewall_rules import listening
from tests.support.nginx_evidence import SITE, config

CHECK = "upstream.container-firewall"
NO_ROUTE = Failure("unreachable", "No route to host", 113, "EHOSTUNREACH")
REJECTED = replace(
    DOWN,
    target="http://172.17.0.2:3000",
    host="172.17.0.2",
    address="172.17.0.2",
    failure=NO_ROUTE,
)
CONFIG = config(SITE.replace("127.0.0.1:3000", "172.17.0.2:3000"))
TO_SERVER = config(SITE.replace("127.0.0.1:3000", "172.17.0.1:3000"))
SERVER = replace(REJECTED, target="http://172.17.0.1:3000", host="172.17.0.1", address="172.17.0.1")
BRIDGE = Interface(vantage=Vantage.SERVER, name="docker0", up=True, addresses=("172.17.0.1",))
INSIDE = Namespace(
    pid=9,
    processes=("node",),
    container=APP.id,
    addresses=("172.17.0.2",),
    sockets=(("0.0.0.0", 3000),),
)
FIREWALLD = (
    Firewalld(vantage=Vantage.SERVER, running=True, default_zone="public"),
    Zone(vantage=Vantage.SERVER, name="public", permanent=False, default=True),
)


def seen(namespace: Namespace = INSIDE) -> Containers:
    return Containers(
        vantage=Vantage.SERVER, engines=("docker",), containers=(APP,), namespaces=(namespace,)
    )


def test_fires_between_containers() -> None:
    (claim,) = judge(CHECK, REJECTED, CONFIG, OWN, seen(), BRIDGE, *FIREWALLD)
    assert (claim.facts["other"], claim.facts["bridge"], claim.facts["zone"]) == (
        "app",
        "docker0",
        "",
    )
    assert any("--change-interface=docker0" in text for text in texts(CHECK, claim))


@pytest.mark.parametrize("firewall", [FIREWALLD, ()], ids=["firewalld", "another"])
def test_fires_for_a_program_of_the_server(firewall: tuple[Firewalld | Zone, ...]) -> None:
    lists = (listening(443, 3000), seen())
    (claim,) = judge(CHECK, SERVER, TO_SERVER, OWN, BRIDGE, *lists, *firewall)
    assert claim.facts["other"] == ""
    assert any("ufw allow from" in text for text in texts(CHECK, claim))


def test_silent_where_the_bridge_is_in_a_zone_that_accepts() -> None:
    docker = replace(FIREWALLD[1], name="docker", default=False, target="ACCEPT")
    zones = (*FIREWALLD, replace(docker, interfaces=("docker0",)))
    assert not judge(CHECK, REJECTED, CONFIG, OWN, seen(), BRIDGE, *zones)
    # Without firewalld nothing shows that a rule is the reason.
    assert not judge(CHECK, REJECTED, CONFIG, OWN, seen(), BRIDGE)


@pytest.mark.parametrize(
    ("attempt", "own", "namespace"),
    [
        (REJECTED, OWN, replace(INSIDE, sockets=(("127.0.0.1", 3000),))),
        (REJECTED, OWN, replace(INSIDE, addresses=("172.18.0.9",))),
        (REJECTED, replace(OWN, networks=("host",)), INSIDE),
        (replace(REJECTED, failure=None), OWN, INSIDE),
        (replace(REJECTED, failure=DOWN.failure), OWN, INSIDE),
    ],
    ids=["its loopback only", "another address", "the server's network", "it answers", "refused"],
)
def test_silent_where_the_firewall_is_not_the_reason(
    attempt: UpstreamTry, own: NginxContainer, namespace: Namespace
) -> None:
    assert not judge(CHECK, attempt, CONFIG, own, seen(namespace), BRIDGE, *FIREWALLD)
