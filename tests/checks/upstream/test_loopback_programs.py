"""A program of the server's loopback address, which nginx in a container asks at another one."""

from dataclasses import replace

import pytest

from diagnose.model import Applicability, Claim, Edit, Manual, Observation, Vantage
from diagnose.model.containers import (
    BindMount,
    ComposeFile,
    ComposeService,
    Container,
    ContainerPort,
    Containers,
    Namespace,
    NginxContainer,
)
from diagnose.model.nginx import UpstreamTry
from diagnose.model.server import Interface, Listener, Listeners
from tests.support.check_evidence import REFUSED, judge, texts
from tests.support.nginx_evidence import FILE, SITE, config

CHECK = "upstream.refused"
PATH = "/srv/proxy/compose.yaml"
TARGET = "http://host.docker.internal:3000"
TEXT = SITE.replace("http://127.0.0.1:3000", TARGET)
LINE = 1 + TEXT.partition("proxy_pass")[0].count("\n")
DOWN = UpstreamTry(
    target=TARGET, host="host.docker.internal", port=3000, address="172.17.0.1", failure=REFUSED,
    file=FILE, line=LINE,
)  # fmt: skip
PORTS = (ContainerPort(443, 443, "0.0.0.0"), ContainerPort(80, 80, "0.0.0.0"))
OWN = NginxContainer(
    pid=7, engine="docker", digest="a" * 64, name="proxy", ports=PORTS, addresses=("172.18.0.2",),
    mounts=(BindMount("/etc/nginx", "/srv/proxy/nginx"),), networks=("proxy_default",),
)  # fmt: skip
SERVICE = ComposeService("proxy", "proxy", "/srv/proxy", (PATH,))
LISTED = Container(
    engine="docker", id="a" * 64, name="proxy", state="running", ports=PORTS, compose=SERVICE
)
SPACE = Namespace(pid=7, container="a" * 64, sockets=(("0.0.0.0", 443), ("0.0.0.0", 80)))
COMPOSE = ComposeFile(
    path=PATH,
    text="services:\n  proxy:\n    image: nginx\n    ports:\n      - 80:80\n      - 443:443\n",
)
NODE = Listener(address="127.0.0.1", port=3000, family=4, process="node")
BRIDGE = Interface(
    vantage=Vantage.SERVER, name="br-1", up=True, addresses=("172.18.0.1",),
    networks=("172.18.0.0/16",),
)  # fmt: skip


def judged(*more: Observation, socket: Listener = NODE, listed: Container = LISTED) -> list[Claim]:
    known = Containers(containers=(listed,), namespaces=(SPACE,))
    seen = (DOWN, config(TEXT), OWN, known, Listeners(sockets=(socket,)), *more)
    return list(judge(CHECK, *seen, masked=False))


def test_nginx_gets_the_servers_network_and_asks_its_loopback() -> None:
    """Issue 1536 of docker/for-linux."""
    (claim,) = judged(COMPOSE)
    assert claim.facts["elsewhere"] == ("127.0.0.1:3000",)
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    first, second = (step for step in claim.fix.steps if isinstance(step, Edit))
    assert "+    network_mode: host\n" in first.diff
    assert second.path == "/srv/proxy/nginx/nginx.conf"
    assert "+        proxy_pass http://127.0.0.1:3000;\n" in second.diff


def test_a_person_lets_the_program_listen_where_the_container_is_in_no_compose_file() -> None:
    (claim,) = judged(BRIDGE)
    assert claim.fix
    (step,) = claim.fix.steps
    assert isinstance(step, Manual)
    assert step.step == "listen-for-containers"
    assert any("172.18.0.1" in text for text in texts(CHECK, claim))
    # In the server's network the second port would be open as another one.
    other = replace(LISTED, ports=(ContainerPort(443, 8443, "0.0.0.0"),))
    (claim,) = judged(COMPOSE, listed=other)
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


@pytest.mark.parametrize(
    "socket",
    [
        replace(NODE, address="0.0.0.0"),
        replace(NODE, port=3001),
        replace(NODE, process="docker-proxy"),
    ],
)
def test_another_reason_is_not_told_so(socket: Listener) -> None:
    (claim,) = judged(COMPOSE, socket=socket)
    assert not claim.facts["bridge"]
