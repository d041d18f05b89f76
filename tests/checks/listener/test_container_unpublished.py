"""Docker does not run here: what it and the kernel say is given as it was recorded elsewhere."""

from dataclasses import replace
from typing import Any

from diagnose.model import Applicability, Claim, Confidence, Edit, Observation, Vantage
from diagnose.model.containers import (
    BindMount,
    Container,
    ContainerPort,
    Containers,
    Namespace,
    NginxContainer,
)
from diagnose.model.nginx import Directive, NginxConfig
from tests.support.check_evidence import REFUSED, judge, texts
from tests.support.firewall_rules import connected, host, listening
from tests.support.nginx_evidence import SITE
from tests.support.nginx_evidence import config as nginx

INSIDE = Namespace(pid=4242, processes=("nginx",), container="c1", sockets=(("0.0.0.0", 443),))
DECLARED, ELSEWHERE = ContainerPort(443), ContainerPort(443, 433, "0.0.0.0")
PUBLISHED = ContainerPort(443, 443, "0.0.0.0")


def container(*ports: ContainerPort, **fields: Any) -> Container:
    return Container(**{"engine": "docker", "id": "c1", "name": "web", "ports": ports, **fields})


def seen(
    containers: tuple[Container, ...] = (),
    namespaces: tuple[Namespace, ...] = (INSIDE,),
    *observations: Observation,
    listen: tuple[int, ...] = (22, 80),
) -> tuple[Observation, ...]:
    found = Containers(vantage=Vantage.SERVER, containers=containers, namespaces=namespaces)
    return (host(), listening(*listen), found, connected(failure=REFUSED), *observations)


def test_fires_where_a_container_declares_the_port_only() -> None:
    (claim,) = judge("listener.container-unpublished", *seen((container(DECLARED),)))
    assert claim.confidence is Confidence.CERTAIN
    assert (claim.facts["container"], claim.facts["process"]) == ("web", "nginx")


def test_fires_where_it_is_published_as_another_port() -> None:
    (claim,) = judge("listener.container-unpublished", *seen((container(ELSEWHERE),), ()))
    assert (claim.confidence, claim.facts["outer"]) == (Confidence.CERTAIN, 433)


def test_fires_as_likely_without_the_engines_list() -> None:
    (claim,) = judge("listener.container-unpublished", *seen())
    assert (claim.confidence, claim.facts["container"]) == (Confidence.LIKELY, "")


def test_fires_where_nothing_listens_inside() -> None:
    empty = Namespace(pid=4242, processes=("nginx",), container="c1", sockets=(("0.0.0.0", 80),))
    proxy = listening(443, process="docker-proxy")
    found = Containers(
        vantage=Vantage.SERVER, containers=(container(PUBLISHED),), namespaces=(empty,)
    )
    (claim,) = judge("listener.container-unpublished", host(), proxy, found)
    assert (claim.facts["empty"], claim.facts["loopback"]) == (True, False)
    assert any("web" in text for text in texts("listener.container-unpublished", claim))


def test_silent_where_it_is_published_and_answers_inside() -> None:
    proxy = listening(443, process="docker-proxy")
    found = Containers(
        vantage=Vantage.SERVER, containers=(container(PUBLISHED),), namespaces=(INSIDE,)
    )
    assert not judge("listener.container-unpublished", host(), proxy, found)
    # Without a proxy in between, the engine's rules alone lead there.
    assert not judge("listener.container-unpublished", *seen((container(PUBLISHED),)))


def test_silent_where_a_person_made_the_network() -> None:
    own = Namespace(pid=4242, processes=("unshare",), sockets=(("0.0.0.0", 443),))
    assert not judge("listener.container-unpublished", *seen((), (own,)))


def test_silent_where_something_of_the_servers_own_listens() -> None:
    given = seen((container(DECLARED),), listen=(80, 443))
    assert not judge("listener.container-unpublished", *given)


def test_silent_where_nginx_is_to_listen_on_the_server_itself() -> None:
    listen = Directive(name="listen", args=("443", "ssl"), file="/etc/nginx/nginx.conf", line=3)
    server = Directive(name="server", args=(), file=listen.file, line=2, block=(listen,))
    http = Directive(name="http", args=(), file=listen.file, line=1, block=(server,))
    config = NginxConfig(vantage=Vantage.SERVER, path=listen.file, main=(http,))
    assert not judge("listener.container-unpublished", *seen((container(DECLARED),), (), config))


def test_silent_where_nothing_inside_has_the_port() -> None:
    other = Namespace(pid=1, sockets=(("0.0.0.0", 8080), ("127.0.0.1", 443)))
    assert not judge("listener.container-unpublished", *seen((container(),), (other,)))


def test_silent_where_the_container_is_reached_by_its_own_address() -> None:
    own = Namespace(pid=1, addresses=("203.0.113.10",), sockets=(("0.0.0.0", 443),))
    assert not judge("listener.container-unpublished", *seen((), (own,)))


def test_silent_where_the_site_of_the_name_passes_on_to_what_is_published() -> None:
    """After issue 12 of phpmyadmin/docker: its port stays closed, and visitors come by the site."""
    behind = container(ContainerPort(443, 8088, "127.0.0.1"))
    text = SITE.replace("127.0.0.1:3000", "127.0.0.1:8088").replace("listen 443 ssl", "listen 8444")
    assert not judge("listener.container-unpublished", *seen((behind,), (INSIDE,), nginx(text)))
    other = text.replace("server_name shop.example.com", "server_name other.example.com")
    assert judge("listener.container-unpublished", *seen((behind,), (INSIDE,), nginx(other)))


LOCAL_SITE = SITE.replace("listen 443 ssl", "listen 127.0.0.1:443 ssl")
MOUNTED = NginxContainer(
    pid=20, engine="docker", digest=INSIDE.container, name="web", networks=("bridge",),
    mounts=(BindMount("/etc/nginx", "/srv/proxy"),),
)  # fmt: skip


def on_loopback(*observations: Observation) -> Claim:
    space = replace(INSIDE, sockets=(("127.0.0.1", 443),))
    found = Containers(
        vantage=Vantage.SERVER, engines=("docker",), containers=(container(PUBLISHED),),
        namespaces=(space,),
    )  # fmt: skip
    proxy = listening(443, process="docker-proxy")
    (claim,) = judge(
        "listener.container-unpublished", host(), proxy, found, *observations, masked=False
    )
    return claim


def test_fires_with_the_line_of_the_web_server_inside() -> None:
    claim = on_loopback(MOUNTED, nginx(LOCAL_SITE))
    assert claim.facts["loopback"]
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    edit = next(step for step in claim.fix.steps if isinstance(step, Edit))
    assert edit.path.startswith("/srv/proxy/")
    assert "+    listen 443 ssl;" in edit.diff


def test_fires_for_a_person_where_the_lines_are_another_containers() -> None:
    other = replace(MOUNTED, digest="1b" * 32)
    for given in ((), (other, nginx(LOCAL_SITE)), (MOUNTED, nginx(SITE))):
        claim = on_loopback(*given)
        assert claim.fix
        assert claim.fix.applicability is Applicability.MANUAL
