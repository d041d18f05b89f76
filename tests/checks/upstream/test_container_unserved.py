"""Docker does not run here: what it and the kernel say is given as literals."""

from dataclasses import replace

from diagnose.model import Applicability, Failure, Vantage
from diagnose.model.containers import Container, ContainerPort, Containers, Namespace
from diagnose.model.server import Interface
from tests.checks.upstream.test_container_loopback import OWN
from tests.checks.upstream.test_refused import DOWN, UP
from tests.support.check_evidence import judge, texts
from tests.support.nginx_evidence import SITE, config

CHECK = "upstream.container-unserved"
RESET = replace(DOWN, failure=Failure("reset", "Connection reset by peer", 104), asked=True)
APP = Container(
    engine="docker",
    id="b" * 64,
    name="app",
    networks=("bridge",),
    ports=(ContainerPort(80, 3000, "127.0.0.1"),),
    state="running",
)


def seen(*sockets: tuple[str, int]) -> Containers:
    inside = Namespace(pid=9, processes=("node",), container=APP.id, sockets=sockets)
    return Containers(vantage=Vantage.SERVER, containers=(APP,), namespaces=(inside,))


def bridge(up: bool) -> Interface:
    return Interface(vantage=Vantage.SERVER, name="docker0", up=up, addresses=("172.17.0.1",))


def test_fires_where_another_port_is_served_inside() -> None:
    (claim,) = judge(CHECK, UP, RESET, config(), seen(("0.0.0.0", 3000)), bridge(up=True))
    assert (claim.facts["inner"], claim.facts["ports"]) == (80, (3000,))
    assert any("second number" in text for text in texts(CHECK, claim))


def test_fires_where_only_the_container_itself_is_served() -> None:
    (claim,) = judge(CHECK, UP, RESET, config(), seen(("127.0.0.1", 80)))
    assert claim.facts["loopback"] is True
    assert any("--host 0.0.0.0" in text for text in texts(CHECK, claim))


def test_fires_where_the_bridge_is_down() -> None:
    (claim,) = judge(CHECK, UP, RESET, config(), seen(("0.0.0.0", 80)), bridge(up=False))
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    assert claim.fix.steps[0].argv[-2:] == ("docker0", "up")  # type: ignore[union-attr]


def test_silent_where_the_container_answers_or_is_not_concerned() -> None:
    served = seen(("0.0.0.0", 80))
    assert not judge(CHECK, UP, RESET, config(), served, bridge(up=True))
    assert not judge(CHECK, UP, config(), seen(("0.0.0.0", 3000)))
    answered = replace(RESET, failure=None, status=200)
    assert not judge(CHECK, UP, answered, config(), seen(("0.0.0.0", 3000)))
    # In a container, 127.0.0.1 is no port of the server.
    assert not judge(CHECK, UP, RESET, config(), OWN, seen(("0.0.0.0", 3000)))


def test_fires_where_the_container_that_is_asked_keeps_its_program_inside() -> None:
    inside = seen(("127.0.0.1", 80))
    there = replace(inside, namespaces=(replace(inside.namespaces[0], addresses=("172.18.0.2",)),))
    refused = replace(
        DOWN,
        target="http://app:80",
        host="app",
        port=80,
        address="172.18.0.2",
        failure=Failure("refused", "Connection refused", 111),
    )
    found = config(SITE.replace("http://127.0.0.1:3000", refused.target))
    (claim,) = judge(CHECK, refused, found, OWN, there, masked=False)
    assert (claim.facts["loopback"], claim.facts["published"]) == (True, False)
    assert not judge(CHECK, refused, found, OWN, inside, masked=False)
    open_ = replace(there.namespaces[0], sockets=(("127.0.0.1", 80), ("0.0.0.0", 80)))
    assert not judge(CHECK, refused, found, OWN, replace(there, namespaces=(open_,)), masked=False)
