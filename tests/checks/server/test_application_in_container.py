from dataclasses import replace

import pytest

from diagnose.model import Confidence, Edit, Failure
from diagnose.model.backends import BackendVisit
from diagnose.model.containers import Container, ContainerPort, Containers, Namespace
from diagnose.model.server import Interface, Listener, Listeners
from tests.support.check_evidence import REFUSED, judge
from tests.support.haproxy_evidence import SERVER, TEXT, config, page

CHECK = "server.application-in-container"
APP = Container(
    "docker",
    "6f" * 32,
    "shop-app-1",
    networks=("shop_default",),
    ports=(ContainerPort(3000, 8080, "127.0.0.1"),),
    state="running",
    status="Up 2 hours",
)
INSIDE = Namespace(10, container=APP.id, addresses=("172.17.0.2",), sockets=(("0.0.0.0", 3000),))
RUNNING = Containers(engines=("docker",), containers=(APP,), namespaces=(INSIDE,))
CLOSED = Failure("closed", "connection closed")
NO_NAME = Failure("other", "Could not resolve host: app", 6)
SOCKETS = Listeners(sockets=(Listener(address="0.0.0.0", port=443, family=4, process="haproxy"),))
TAKEN = replace(
    SOCKETS, sockets=(Listener(address="127.0.0.1", port=8080, family=4, process="docker-proxy"),)
)

LOOPBACK = Interface(name="lo", addresses=("127.0.0.1",), up=True)
BRIDGE = Interface(name="docker0", addresses=("172.17.0.1",), up=True, networks=("172.17.0.0/16",))


def judged(
    authority: str, failure: Failure | None, containers: Containers, *more: object, code: int = 503
) -> list[tuple[str, str, bool]]:
    """Return the reasons that are named, the address that is published, and whether the remedy is
    an edit."""
    visit = BackendVisit(target=f"http://{authority}", requested="/", path="/", failure=failure)
    text = config(TEXT.replace("127.0.0.1:3000", authority))
    own = (*(more or (SOCKETS,)), LOOPBACK, BRIDGE)
    evidence: tuple[object, ...] = (SERVER, text, visit, page(code), containers, *own)
    claims = judge(CHECK, *evidence, masked=False)  # type: ignore[arg-type]
    reasons = ("stopped", "loopback", "unserved", "unpublished", "name", "address")
    return [
        (
            next(reason for reason in reasons if claim.facts[reason]),
            str(claim.facts["published"]),
            bool(claim.fix and isinstance(claim.fix.steps[0], Edit)),
        )
        for claim in claims
    ]


def test_fires_where_nothing_listens_behind_the_published_port() -> None:
    wrong = replace(APP, ports=(ContainerPort(80, 8080, "127.0.0.1"),))
    containers = replace(RUNNING, containers=(wrong,))
    assert judged("127.0.0.1:8080", CLOSED, containers, TAKEN) == [("unserved", "", False)]


def test_fires_where_the_program_listens_on_the_containers_loopback_address() -> None:
    inside = replace(INSIDE, sockets=(("127.0.0.1", 3000),))
    containers = replace(RUNNING, namespaces=(inside,))
    assert judged("127.0.0.1:8080", CLOSED, containers, TAKEN) == [("loopback", "", False)]


def test_fires_for_a_container_that_has_ended() -> None:
    ended = replace(APP, state="exited", status="Exited (1) 3 minutes ago")
    containers = replace(RUNNING, containers=(ended,), namespaces=())
    assert judged("127.0.0.1:8080", REFUSED, containers) == [("stopped", "", False)]


@pytest.mark.parametrize(
    ("authority", "failure", "reason"),
    [
        ("127.0.0.1:3000", REFUSED, "unpublished"),
        ("app:3000", NO_NAME, "name"),
        ("app:8080", NO_NAME, "name"),
        ("172.17.0.9:3000", Failure("timeout", "timed out"), "address"),
        ("172.17.0.2:8080", REFUSED, "address"),
    ],
)
def test_fires_and_writes_the_published_port(authority: str, failure: Failure, reason: str) -> None:
    assert judged(authority, failure, RUNNING) == [(reason, "127.0.0.1:8080", True)]


def test_fires_for_a_port_that_is_not_published() -> None:
    containers = replace(RUNNING, containers=(replace(APP, ports=(ContainerPort(3000),)),))
    assert judged("127.0.0.1:3000", REFUSED, containers) == [("unpublished", "", False)]
    assert judged("app:3000", NO_NAME, containers) == [("name", "", False)]


def test_silent_where_another_reason_is_possible() -> None:
    assert not judged("127.0.0.1:8080", CLOSED, RUNNING, TAKEN)  # something listens inside
    assert not judged("127.0.0.1:5000", REFUSED, RUNNING)
    assert not judged("203.0.113.9:3000", REFUSED, RUNNING)
    twice = replace(RUNNING, containers=(APP, replace(APP, id="7a" * 32, name="other")))
    twice = replace(twice, namespaces=(INSIDE, replace(INSIDE, container="7a" * 32)))
    assert not judged("127.0.0.1:3000", REFUSED, twice)
    assert not judged("127.0.0.1:3000", REFUSED, RUNNING, code=404)
    assert not judged("127.0.0.1:3000", None, RUNNING)
    held = replace(
        SOCKETS, sockets=(Listener(address="127.0.0.1", port=3000, family=4, process="node"),)
    )
    assert not judged("127.0.0.1:3000", REFUSED, RUNNING, held)


def test_a_published_port_without_a_listener_is_certain() -> None:
    wrong = replace(APP, ports=(ContainerPort(80, 8080),))
    visit = BackendVisit(target="http://127.0.0.1:8080", requested="/", path="/", failure=CLOSED)
    text = config(TEXT.replace(":3000", ":8080"))
    containers = replace(RUNNING, containers=(wrong,))
    (claim,) = judge(CHECK, SERVER, text, visit, page(503), containers)
    assert claim.confidence is Confidence.CERTAIN


def test_silent_for_a_server_in_a_container() -> None:
    visit = BackendVisit(target="http://127.0.0.1:3000", requested="/", path="/", failure=REFUSED)
    inner = replace(SERVER, container="lb")
    assert not judge(CHECK, inner, config(), visit, page(503), RUNNING, SOCKETS)
