from dataclasses import replace

import pytest

from diagnose.model import Applicability, Claim, Edit, Failure, Observation, Vantage
from diagnose.model.addresses import bracketed
from diagnose.model.backends import BackendVisit
from diagnose.model.containers import (
    ComposeService,
    Container,
    ContainerPort,
    Containers,
    Namespace,
    NginxContainer,
)
from diagnose.model.http import Exchange
from diagnose.model.netfilter import Ruleset
from diagnose.model.server import Interface, Listener, Listeners
from diagnose.model.web_servers import SiteRoute, SiteSocket, WebServerConfig, WebSite
from tests.support.check_evidence import REFUSED, judge, texts
from tests.support.firewall_rules import remedy
from tests.support.haproxy_evidence import SERVER, TEXT, config, page
from tests.support.traefik_evidence import TRAEFIK

CHECK = "server.container-not-reached"
INNER = replace(SERVER, container="lb")
OWN = NginxContainer(pid=10, engine="docker", digest="5e" * 32, name="lb", networks=("web",))
APP = Container("docker", "6f" * 32, "shop-app-1", state="running", status="Up 2 hours")
OTHERS = Containers(engines=("docker",), containers=(APP,))
NO_NAME = Failure("other", "Could not resolve host: app", 6)


def reached(host: str, failure: Failure | None, *more: object, code: int = 503) -> list[str]:
    """Return the reasons that are named."""
    target = f"http://{host}:3000"
    visit = BackendVisit(target=target, requested="/", path="/", failure=failure)
    visits: tuple[Exchange, ...] = (page(code),)
    text = config(TEXT.replace("127.0.0.1", host))
    claims = judge(CHECK, INNER, text, OWN, visit, *visits, *more, masked=False)  # type: ignore[arg-type]
    reasons = ("loopback", "unresolved", "refused", "stopped")
    return [reason for claim in claims for reason in reasons if claim.facts[reason]]


@pytest.mark.parametrize(
    ("host", "failure", "reason"),
    [
        ("127.0.0.1", REFUSED, "loopback"),
        ("app", NO_NAME, "unresolved"),
        ("app", REFUSED, "refused"),
    ],
)
def test_fires_and_says_why(host: str, failure: Failure, reason: str) -> None:
    assert reached(host, failure, OTHERS) == [reason]


def test_fires_for_a_container_that_does_not_run() -> None:
    stopped = replace(OTHERS, containers=(replace(APP, state="exited", status="Exited (0)"),))
    assert reached("app", Failure("timeout", "timed out"), stopped) == ["stopped"]


def test_fires_for_a_service_whose_container_has_a_name_of_its_own() -> None:
    service = ComposeService("shop", "app", "/srv/shop", ("/srv/shop/compose.yml",))
    own = replace(APP, name="backend", state="exited", status="Exited (1)", compose=service)
    stopped = replace(OTHERS, containers=(own,))
    assert reached("app", Failure("other", "Could not resolve host", 6), stopped) == ["stopped"]


def test_silent_where_the_application_answers_or_nothing_is_known() -> None:
    assert not reached("app", None, OTHERS)
    assert not reached("app", Failure("timeout", "timed out"), OTHERS)
    assert not reached("127.0.0.1", REFUSED, code=404)
    visit = BackendVisit(target="http://127.0.0.1:3000", requested="/", path="/", failure=REFUSED)
    shared = replace(OWN, networks=("host",))
    assert not judge(CHECK, INNER, config(), shared, visit, page())
    assert not judge(CHECK, SERVER, config(), OWN, visit, page())


INSIDE = Namespace(20, container=APP.id, addresses=("172.17.0.3",), sockets=(("0.0.0.0", 8000),))
KNOWN = replace(OTHERS, namespaces=(INSIDE,))
ON_LOOPBACK = Listeners(
    sockets=(Listener(address="127.0.0.1", port=3000, family=4, process="node"),)
)


def facts(host: str, failure: Failure, *more: object) -> dict[str, object]:
    visit = BackendVisit(target=f"http://{host}:3000", requested="/", path="/", failure=failure)
    text = config(TEXT.replace("127.0.0.1", host))
    (claim,) = judge(CHECK, INNER, text, OWN, visit, page(503), *more, masked=False)  # type: ignore[arg-type]
    return dict(claim.facts)


def test_names_the_ports_inside_of_the_container_that_is_called() -> None:
    assert facts("app", REFUSED, KNOWN)["inner_ports"] == (8000,)
    assert facts("app", REFUSED, OTHERS)["inner_ports"] == ()


def test_names_the_program_of_the_server_or_the_container_with_the_port() -> None:
    own = facts("127.0.0.1", REFUSED, KNOWN, ON_LOOPBACK)
    assert (own["on_server"], own["local_only"], own["program"]) == (True, True, "node")
    there = replace(OTHERS, namespaces=(replace(INSIDE, sockets=(("0.0.0.0", 3000),)),))
    assert facts("127.0.0.1", REFUSED, there)["other"] == "app"
    assert not facts("127.0.0.1", REFUSED, there, ON_LOOPBACK)["on_server"]


def test_the_servers_own_name_has_words_of_its_own() -> None:
    assert facts("host.docker.internal", NO_NAME, KNOWN)["gateway"]
    refused = facts("host.docker.internal", REFUSED, KNOWN, ON_LOOPBACK)
    assert refused["is_server"]
    assert refused["local_only"]
    assert not facts("app", REFUSED, KNOWN, ON_LOOPBACK)["is_server"]


def test_names_the_label_of_the_port_where_traefik_has_the_address_of_a_container() -> None:
    """Traefik does not run here: "Traefik Connecting to the Wrong Port: HTTP/502 Gateway Error" of
    its documentation ("Traefik & Docker")."""
    route = SiteRoute("/", "http://172.17.0.3:3000", "http", "172.17.0.3", 3000)
    site = WebSite(
        names=("shop.example.com",), sockets=(SiteSocket(443, tls=True),), routes=(route,)
    )
    read = WebServerConfig(product="traefik", path="", sites=(site,), listens=(SiteSocket(443),))
    server = replace(TRAEFIK, container="lb", unit="")
    visit = BackendVisit(target=route.target, requested="/", path="/", failure=REFUSED)
    (claim,) = judge(CHECK, server, read, OWN, visit, page(502), KNOWN, masked=False)
    assert (claim.facts["called"], claim.facts["inner_ports"]) == ("shop-app-1", (8000,))
    assert any("loadbalancer.server.port=8000" in text for text in texts(CHECK, claim))


RULES = "*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -i docker0 -j {}\nCOMMIT\n"
DOCKER0 = Interface(
    vantage=Vantage.SERVER, name="docker0", up=True, addresses=("172.17.0.1",),
    networks=("172.17.0.0/16",),
)  # fmt: skip


def behind(target: str, failure: Failure, address: str = "0.0.0.0") -> list[Claim]:
    visit = BackendVisit(target="http://172.17.0.1:3000", requested="/", path="/", failure=failure)
    rules = Ruleset(vantage=Vantage.SERVER, tool="iptables", text=RULES.format(target))
    program = Listener(address=address, port=3000, family=4, process="node")
    text = config(TEXT.replace("127.0.0.1", "172.17.0.1"))
    namespace = Namespace(10, container=OWN.digest, addresses=("172.17.0.3",))
    lists = (Listeners(sockets=(program,)), DOCKER0, replace(OTHERS, namespaces=(namespace,)))
    return list(judge(CHECK, INNER, text, OWN, visit, page(503), rules, *lists, masked=False))


def test_fires_for_a_rule_that_stops_what_the_container_sends() -> None:
    timeout = Failure("timeout", "timed out")
    for target, failure in (("DROP", timeout), ("REJECT", REFUSED)):
        (claim,) = behind(target, failure)
        assert claim.facts["firewall"]
        assert claim.facts["network"] == "172.17.0.0/16"
        assert claim.fix
        assert claim.fix.applicability is Applicability.REVIEW
        assert "172.17.0.0/16" in " ".join(remedy(claim))
    assert not behind("ACCEPT", timeout)
    assert not behind("DROP", timeout, "127.0.0.1")
    assert not any(claim.facts["firewall"] for claim in behind("DROP", REFUSED))


PUBLISHED = replace(APP, name="vaultwarden", ports=(ContainerPort(80, 3000, "127.0.0.1"),))
SERVING = Namespace(20, container=APP.id, addresses=("172.17.0.3",), sockets=(("0.0.0.0", 80),))
PUBLISHING = Containers(engines=("docker",), containers=(PUBLISHED,), namespaces=(SERVING,))


def published(host: str, containers: Containers, *more: Observation) -> Claim:
    shown = bracketed(host)
    visit = BackendVisit(target=f"http://{shown}:3000", requested="/", path="/", failure=REFUSED)
    text = config(TEXT.replace("127.0.0.1", shown))
    reloaded = replace(INNER, reload=("docker", "kill", "-s", "USR2", "lb"))
    (claim,) = judge(
        CHECK,
        reloaded,
        text,
        OWN,
        visit,
        page(503),
        containers,
        *more,
        masked=False,
    )
    return claim


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "0.0.0.0", "::1", "::"])
def test_fires_and_writes_the_container_that_publishes_the_port(host: str) -> None:
    claim = published(host, PUBLISHING)
    assert claim.facts["loopback"]
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    (edit,) = [step for step in claim.fix.steps if isinstance(step, Edit)]
    assert "+    server a vaultwarden:80" in edit.diff


def test_fires_and_writes_nothing_where_the_program_takes_its_own_connections_alone() -> None:
    inner = replace(SERVING, sockets=(("127.0.0.1", 80),))
    claim = published("127.0.0.1", replace(PUBLISHING, namespaces=(inner,)))
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL
    assert "Write `vaultwarden:80` in place of" in " ".join(texts(CHECK, claim))


def test_fires_and_names_no_container_where_two_may_be_meant() -> None:
    other = replace(
        PUBLISHED, id="7a" * 32, name="other", ports=(ContainerPort(81, 3000, "10.0.0.1"),)
    )
    claim = published("127.0.0.1", replace(PUBLISHING, containers=(PUBLISHED, other)))
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


@pytest.mark.parametrize("host", ["host.docker.internal", "172.17.0.1"])
def test_fires_and_writes_the_container_that_publishes_on_the_servers_loopback(host: str) -> None:
    claim = published(host, PUBLISHING, DOCKER0)
    assert claim.facts["refused"]
    assert claim.facts["published_here"]
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    (edit,) = [step for step in claim.fix.steps if isinstance(step, Edit)]
    assert "+    server a vaultwarden:80" in edit.diff
    assert "publishes this port of the server on the loopback address alone" in " ".join(
        texts(CHECK, claim)
    )


def test_fires_and_writes_no_container_that_has_the_port_of_the_server_inside() -> None:
    """Port 3000 of the server is not port 3000 of any container."""
    bare = replace(PUBLISHED, ports=())
    inner = replace(SERVING, sockets=(("0.0.0.0", 3000),))
    lists = replace(PUBLISHING, containers=(bare,), namespaces=(inner,))
    claim = published("host.docker.internal", lists, DOCKER0)
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL
    assert not claim.facts["publishes"]


def test_fires_and_writes_no_container_of_another_machine() -> None:
    claim = published("192.0.2.40", PUBLISHING, DOCKER0)
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL
