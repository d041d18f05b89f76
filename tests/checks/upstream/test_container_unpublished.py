"""Docker does not run here: what it says is given as literals."""

from dataclasses import replace

from diagnose.model import Confidence, Vantage
from diagnose.model.containers import (
    Container,
    ContainerPort,
    Containers,
    Namespace,
    NginxContainer,
)
from diagnose.model.server import Interface
from tests.checks.upstream.test_refused import DOWN, UP
from tests.support.check_evidence import judge
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
