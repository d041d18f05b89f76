from dataclasses import replace

import pytest

from diagnose.checking.registry import load_check
from diagnose.checking.root_cause import explains
from diagnose.model import Applicability, Confidence, Manual, Observation, Target, Vantage
from diagnose.model.firewall import PortRange
from diagnose.model.server import PassedPort
from tests.support.check_evidence import REFUSED, judge, texts
from tests.support.firewall_rules import HTTPS, SSH, both, connected, host, listening, server

CHECK = "listener.application-port"
OWN = Target("shop.example.com:3100", "http", "shop.example.com", 3100)
SITE = PassedPort(
    vantage=Vantage.SERVER, port=3100, server="nginx", url="https://shop.example.com/",
    file="/etc/nginx/conf.d/shop.conf", line=12,
)  # fmt: skip
ALONE = listening(3100, address="127.0.0.1", process="node")
LOCAL = replace(ALONE, sockets=(*ALONE.sockets, *listening(443).sockets))


def test_fires_with_the_address_of_the_site() -> None:
    refused = connected(port=3100, failure=REFUSED)
    (claim,) = judge(CHECK, LOCAL, SITE, refused, target=OWN)
    assert claim.confidence is Confidence.LIKELY
    assert claim.facts["site"] == "https://shop.example.com/"
    assert claim.facts["inner_program"] == "node"
    assert not judge("listener.loopback-only", LOCAL, SITE, refused, target=OWN)
    assert explains(load_check(CHECK), load_check("firewall.port-closed"))


def test_silent_where_others_can_reach_the_port_or_no_site_passes_on_to_it() -> None:
    assert not judge(CHECK, listening(3100, process="node"), SITE, target=OWN)
    assert not judge(CHECK, LOCAL, target=OWN)
    assert not judge(CHECK, LOCAL, SITE)
    assert judge("listener.loopback-only", LOCAL, target=OWN)
    own = Target("http://127.0.0.1:3100/", "http", "127.0.0.1", 3100)
    assert not judge(CHECK, LOCAL, SITE, target=own)


def test_silent_where_nothing_listens_for_the_site() -> None:
    """The web server does not run, or has no such port: then nobody reaches the application."""
    refused = connected(port=3100, failure=REFUSED)
    assert not judge(CHECK, ALONE, SITE, refused, target=OWN)
    (claim,) = judge("listener.loopback-only", ALONE, SITE, refused, target=OWN)
    # The program may be for that site alone.
    assert claim.confidence is Confidence.LIKELY
    assert "start nginx, and leave" in " ".join(texts("listener.loopback-only", claim))


@pytest.mark.parametrize(
    ("seen", "port", "step"),
    [
        ((listening(3100, 443, process="node"), SITE), 3100, "use-the-site"),
        # The web server is stopped.
        ((listening(3100, process="node"), SITE), 3100, "use-the-site"),
        ((listening(6379, process="redis-server"),), 6379, "through-ssh"),
        ((listening(9090, process="java"),), 9090, "through-ssh"),
        ((listening(7001, process="mysqld"),), 7001, "through-ssh"),
    ],
)
def test_no_firewall_is_opened_for_such_a_port(
    seen: tuple[Observation, ...], port: int, step: str
) -> None:
    target = Target("", "http", "shop.example.com", port)
    zone = both("public", SSH, HTTPS, interfaces=("eth0",))
    (claim,) = judge("firewall.port-closed", *server(*zone), host(), *seen, target=target)
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    first, *others = claim.fix.steps
    assert isinstance(first, Manual)
    assert first.step == step
    assert all(isinstance(other, Manual) for other in others)
    # What is open now, and closed after the next reload, is a person's choice as well.
    (runtime, permanent) = both("public", SSH, interfaces=("eth0",))
    wide = both("public", SSH, PortRange(port, port, "tcp"), interfaces=("eth0",))[0]
    del runtime
    (later,) = judge("firewall.not-permanent", *server(wide, permanent), *seen, target=target)
    assert later.fix
    assert later.fix.applicability is Applicability.REVIEW


def test_a_web_server_on_such_a_port_is_a_site() -> None:
    target = Target("", "https", "shop.example.com", 8006)
    zone = both("public", SSH, interfaces=("eth0",))
    (claim,) = judge("firewall.port-closed", *server(*zone), listening(8006), target=target)
    assert claim.fix
    assert claim.fix.applicability is Applicability.AUTOMATIC


def test_what_nothing_listens_on_gets_no_listen_of_the_web_server() -> None:
    (claim,) = judge("listener.missing", listening(443), SITE, target=OWN)
    assert claim.fix
    (step,) = claim.fix.steps
    assert isinstance(step, Manual)
    assert step.step == "start-application"
