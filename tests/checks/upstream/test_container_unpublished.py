"""Docker does not run here: what it says is given as literals."""

from dataclasses import replace

import pytest

from diagnose.model import (
    Applicability,
    Confidence,
    Edit,
    Failure,
    Manual,
    Observation,
    Vantage,
    Where,
)
from diagnose.model.containers import (
    Container,
    ContainerPort,
    Containers,
    Namespace,
    NginxContainer,
)
from diagnose.model.nginx import UpstreamTry
from diagnose.model.server import Interface
from tests.checks.upstream.test_refused import DOWN, UP
from tests.support.check_evidence import TIMEOUT, judge, texts
from tests.support.firewall_rules import listening
from tests.support.nginx_evidence import SITE, config

CHECK = "upstream.container-unpublished"
EXPOSED = Container(
    engine="docker", id="b" * 64, name="shop-api-1", networks=("shop_default",),
    ports=(ContainerPort(3000),), state="running",
)  # fmt: skip
WEB = replace(EXPOSED, id="c" * 64, name="shop-web-1", ports=(ContainerPort(80, 8080, "0.0.0.0"),))


def docker_containers(*containers: Container, namespaces: tuple[Namespace, ...] = ()) -> Containers:
    return Containers(
        vantage=Vantage.SERVER, engines=("docker",), containers=containers, namespaces=namespaces
    )


def test_fires_for_a_port_that_is_only_declared() -> None:
    (claim,) = judge(CHECK, DOWN, config(), docker_containers(WEB, EXPOSED))
    assert claim.confidence is Confidence.LIKELY
    assert claim.facts["container"] == "shop-api-1"
    assert claim.facts["published"] == ""


def test_fires_for_a_program_that_listens_inside() -> None:
    bare = replace(EXPOSED, ports=())
    inside = Namespace(9, ("node",), bare.id, ("172.18.0.3",), (("0.0.0.0", 3000),))
    (claim,) = judge(CHECK, DOWN, config(), docker_containers(WEB, bare, namespaces=(inside,)))
    assert claim.facts["container"] == "shop-api-1"


def test_fires_for_a_port_that_is_published_as_another() -> None:
    moved = replace(EXPOSED, ports=(ContainerPort(3000, 8081, "127.0.0.1"),))
    (claim,) = judge(CHECK, DOWN, config(), docker_containers(moved))
    assert claim.facts["published"] == 8081
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "proxy_pass http://127.0.0.1:8081;" in edit.diff


@pytest.mark.parametrize("address", ["192.0.2.7", "::1"])
def test_another_address_is_written_by_hand(address: str) -> None:
    """127.0.0.1 does not reach a port that is published there alone."""
    moved = replace(EXPOSED, ports=(ContainerPort(3000, 8081, address),))
    (claim,) = judge(CHECK, DOWN, config(), docker_containers(moved))
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


def test_silent_for_the_loopback_of_a_container_with_nginx() -> None:
    proxy = NginxContainer(vantage=Vantage.SERVER, pid=7, name="proxy", networks=("shop_default",))
    loopback = Interface(vantage=Vantage.SERVER, name="lo", up=True, addresses=("127.0.0.1",))
    assert not judge(CHECK, DOWN, config(), docker_containers(WEB, EXPOSED), proxy, loopback)


def test_fires_and_names_the_line_of_the_upstream_block() -> None:
    """`proxy_pass http://app;` takes no port."""
    group = "upstream app { server 127.0.0.1:3000; }\n"
    text = f"{group}{SITE.replace('http://127.0.0.1:3000', 'http://app')}"
    changed = replace(EXPOSED, ports=(ContainerPort(3000, 8081, "127.0.0.1"),))
    down = replace(DOWN, target="http://app")
    (claim,) = judge(CHECK, down, config(text), docker_containers(changed))
    assert claim.facts["line"] == "server 127.0.0.1:3000"
    (claim,) = judge(CHECK, DOWN, config(), docker_containers(changed))
    assert claim.facts["line"] == "proxy_pass http://127.0.0.1:3000"


def test_silent_where_it_is_published_or_no_container_has_it() -> None:
    published = replace(EXPOSED, ports=(ContainerPort(3000, 3000, "127.0.0.1"),))
    assert not judge(CHECK, DOWN, config(), docker_containers(published))
    assert not judge(CHECK, DOWN, config(), docker_containers(WEB))
    assert not judge(CHECK, DOWN, config(), docker_containers(replace(EXPOSED, networks=("host",))))
    assert not judge(CHECK, DOWN, config(), docker_containers(replace(EXPOSED, state="exited")))
    assert not judge(
        CHECK, DOWN, config(), docker_containers(EXPOSED, replace(EXPOSED, id="d" * 64))
    )
    assert not judge(CHECK, UP, config(), docker_containers(EXPOSED))


NO_ROUTE = Failure("unreachable", "No route to host", 113, "EHOSTUNREACH")
ADDRESS = "203.0.113.10"
OWN = Interface(vantage=Vantage.SERVER, name="eth0", up=True, addresses=(ADDRESS,))
TO_SERVER = config(SITE.replace("127.0.0.1:3000", f"{ADDRESS}:3000"))
REJECTED = replace(
    DOWN, target=f"http://{ADDRESS}:3000", host=ADDRESS, address=ADDRESS, failure=NO_ROUTE
)
PROXY = NginxContainer(
    vantage=Vantage.SERVER, pid=7, engine="docker", digest="f" * 64, name="proxy",
    networks=("shop_default",),
)  # fmt: skip


@pytest.mark.parametrize("failure", [NO_ROUTE, TIMEOUT, DOWN.failure], ids=lambda each: each.kind)
@pytest.mark.parametrize(
    ("networks", "step"),
    [(("shop_default",), "name-it"), (("bridge",), "join-and-name-it")],
    ids=["one network", "another network"],
)
def test_nginx_in_a_container_gets_the_name_of_the_other(
    failure: Failure, networks: tuple[str, ...], step: str
) -> None:
    """The server's own address, which its firewall rejects: no program is behind it."""
    proxy = replace(PROXY, networks=networks)
    attempt = replace(REJECTED, failure=failure)
    seen = (docker_containers(EXPOSED), listening(443), proxy, OWN)
    (claim,) = judge(CHECK, attempt, TO_SERVER, *seen)
    assert claim.fix
    assert claim.fix.steps == (Manual(step, Where.SERVER),)
    assert any("`shop-api-1:3000`" in text for text in texts(CHECK, claim))


@pytest.mark.parametrize(
    "observations",
    [
        (docker_containers(EXPOSED), listening(443, 3000)),
        (docker_containers(EXPOSED),),
        (docker_containers(replace(EXPOSED, ports=(ContainerPort(3000, 3000),))), listening(443)),
        (docker_containers(replace(EXPOSED, id=PROXY.digest)), listening(443)),
    ],
    ids=["a program listens", "not known", "published", "nginx's own container"],
)
def test_silent_where_the_firewall_may_be_the_reason(
    observations: tuple[Observation, ...],
) -> None:
    assert not judge(CHECK, REJECTED, TO_SERVER, *observations, PROXY, OWN)


LEFT = "172.18.0.9"
BRIDGE = Interface(
    vantage=Vantage.SERVER, name="br-1", up=True, addresses=("172.18.0.1",),
    networks=("172.18.0.1/16",),
)  # fmt: skip
TO_CONTAINER = config(SITE.replace("127.0.0.1:3000", f"{LEFT}:3000"))
GONE = replace(DOWN, target=f"http://{LEFT}:3000", host=LEFT, address=LEFT, failure=NO_ROUTE)
INSIDE = Namespace(9, ("node",), EXPOSED.id, ("172.18.0.3",), (("0.0.0.0", 3000),))


def test_an_address_that_the_container_has_left() -> None:
    seen = docker_containers(EXPOSED, namespaces=(INSIDE,))
    (claim,) = judge(CHECK, GONE, TO_CONTAINER, seen, BRIDGE)
    assert (claim.facts["left"], claim.facts["address"]) == (LEFT, "172.18.0.3")
    assert any("`127.0.0.1:3000`" in text for text in texts(CHECK, claim))
    published = replace(EXPOSED, ports=(ContainerPort(3000, 8081, "127.0.0.1"),))
    seen = docker_containers(published, namespaces=(INSIDE,))
    (claim,) = judge(CHECK, GONE, TO_CONTAINER, seen, BRIDGE)
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "proxy_pass http://127.0.0.1:8081;" in edit.diff


@pytest.mark.parametrize(
    ("attempt", "namespaces"),
    [
        (GONE, (INSIDE, replace(INSIDE, container="d" * 64, addresses=(LEFT,)))),
        (GONE, (replace(INSIDE, sockets=(("127.0.0.1", 3000),)),)),
        (GONE, (replace(INSIDE, addresses=("10.0.0.3",)),)),
        (replace(GONE, failure=DOWN.failure), (INSIDE,)),
        (replace(GONE, failure=TIMEOUT), (INSIDE,)),
    ],
    ids=["another has it", "nothing listens", "another network", "it refuses", "a firewall"],
)
def test_silent_where_the_address_may_be_a_containers(
    attempt: UpstreamTry, namespaces: tuple[Namespace, ...]
) -> None:
    seen = docker_containers(EXPOSED, namespaces=namespaces)
    assert not judge(CHECK, attempt, TO_CONTAINER, seen, BRIDGE)


def test_fires_for_a_port_on_the_servers_loopback_that_another_container_asks() -> None:
    """nginx in a container asks the gateway of its bridge, at which nothing is published."""
    gateway = Interface(name="docker0", up=True, addresses=("172.17.0.1",))
    asked = replace(
        DOWN, target="http://172.17.0.1:8080", host="172.17.0.1", address="172.17.0.1", port=8080
    )
    api = replace(EXPOSED, ports=(ContainerPort(3000, 8080, "127.0.0.1"),))
    inside = Namespace(9, ("node",), api.id, ("172.17.0.3",), (("0.0.0.0", 3000),))
    proxy = NginxContainer(
        vantage=Vantage.SERVER, pid=7, engine="docker", digest="d" * 64, name="proxy",
        networks=("shop_default",),
    )  # fmt: skip
    site = SITE.replace("127.0.0.1:3000", "172.17.0.1:8080")
    evidence = (asked, config(site), gateway, proxy)
    (claim,) = judge(CHECK, *evidence, docker_containers(api, namespaces=(inside,)))
    assert claim.facts["loopback"] == "127.0.0.1"
    assert claim.facts["inner"] == 3000
    assert claim.fix
    edit = next(step for step in claim.fix.steps if isinstance(step, Edit))
    assert "proxy_pass http://shop-api-1:3000;" in edit.diff
    everywhere = replace(api, ports=(ContainerPort(3000, 8080, "0.0.0.0"),))
    assert not judge(CHECK, *evidence, docker_containers(everywhere, namespaces=(inside,)))
