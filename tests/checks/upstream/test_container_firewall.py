"""Docker does not run here: what it and the kernel say is given as literals."""

from dataclasses import replace

import pytest

from diagnose.model import Applicability, Claim, Confidence, Failure, Vantage
from diagnose.model.containers import Containers, Namespace, NginxContainer
from diagnose.model.firewall import Firewalld, Zone
from diagnose.model.netfilter import Ruleset
from diagnose.model.nginx import UpstreamTry
from diagnose.model.server import Interface
from tests.checks.upstream.test_container_loopback import APP, OWN
from tests.checks.upstream.test_refused import DOWN
from tests.support.check_evidence import judge, texts
from tests.support.firewall_rules import listening, remedy
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


UFW = """\
*filter
:INPUT DROP [0:0]
:FORWARD ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:ufw-user-input - [0:0]
:ufw-before-input - [0:0]
:ufw-after-input - [0:0]
:ufw-skip-to-policy-input - [0:0]
-A INPUT -j ufw-before-input
-A INPUT -j ufw-after-input
-A ufw-before-input -i lo -j ACCEPT
-A ufw-before-input -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A ufw-before-input -j ufw-user-input
-A ufw-user-input -p tcp -m tcp --dport 443 -j ACCEPT
COMMIT
"""
OWN_RULES = "*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -i docker0 -j REJECT\nCOMMIT\n"
NETWORK = replace(BRIDGE, networks=("172.17.0.0/16",))
PROXY = replace(OWN, addresses=("172.17.0.3",))
ACCEPTING = (
    FIREWALLD[0],
    replace(FIREWALLD[1], name="docker", target="ACCEPT", interfaces=("docker0",), default=False),
)


def by_rules(
    text: str, *more: Firewalld | Zone, attempt: UpstreamTry = SERVER, own: NginxContainer = PROXY
) -> list[Claim]:
    rules = Ruleset(vantage=Vantage.SERVER, tool="iptables", text=text)
    lists = (listening(443, 3000), seen())
    return list(judge(CHECK, attempt, TO_SERVER, own, NETWORK, *lists, rules, *more))


@pytest.mark.parametrize("more", [(), ACCEPTING], ids=["alone", "beside firewalld"])
def test_fires_for_certain_by_the_rules_of_ufw(more: tuple[Firewalld | Zone, ...]) -> None:
    """With Nginx Proxy Manager: the bridge is in a zone that accepts, and ufw's chains drop."""
    timeout = replace(SERVER, failure=replace(NO_ROUTE, kind="timeout"))
    (claim,) = by_rules(UFW, *more, attempt=timeout)
    assert claim.confidence is Confidence.CERTAIN
    assert (claim.facts["owner"], claim.facts["network"]) == ("ufw", "172.17.0.0/16")
    assert not claim.facts["firewalld"]
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    (command,) = remedy(claim)
    assert command == "ufw allow proto tcp from 172.17.0.0/16 to any port 3000"


def test_fires_for_a_rule_by_hand_and_lets_only_the_network_in() -> None:
    (claim,) = by_rules(OWN_RULES)
    assert "-i docker0" in str(claim.facts["rule"])
    (command,) = remedy(claim)
    assert "172.17.0.0/16" in command
    assert "3000" in command


def test_a_refusal_is_that_of_a_rule_that_rejects() -> None:
    refused = replace(SERVER, failure=DOWN.failure)
    assert by_rules(OWN_RULES, attempt=refused)
    assert not by_rules(UFW, attempt=refused)
    assert not by_rules(OWN_RULES.replace("docker0", "eth0"), attempt=refused)


@pytest.mark.parametrize(
    "text",
    [
        UFW.replace("--dport 443", "--dport 3000"),
        UFW.replace("-p tcp -m tcp --dport 443", "-s 172.17.0.0/16"),
        OWN_RULES.replace("docker0", "br-1234"),
    ],
    ids=["the port is open", "the network is let in", "another bridge"],
)
def test_silent_where_the_rules_let_the_container_in(text: str) -> None:
    assert not by_rules(text)


def test_likely_where_the_way_of_the_packet_is_not_known() -> None:
    (claim,) = by_rules(UFW, own=replace(PROXY, addresses=("10.9.9.9",)))
    assert claim.confidence is Confidence.LIKELY
