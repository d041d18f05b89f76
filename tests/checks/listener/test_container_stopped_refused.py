"""Why an engine did not start a container. The words are those of docker and podman, as people
reported them; neither runs here."""

from dataclasses import replace

import pytest

from diagnose.model import Claim, Manual, Vantage
from diagnose.model.containers import ComposeService, Container, ContainerPort, Containers
from diagnose.model.server import Listener, Listeners
from tests.support.check_evidence import REFUSED, judge, texts
from tests.support.firewall_rules import connected, host, listening

CHECK = "listener.container-stopped"
COMPOSE = ComposeService("blog", "proxy", "/srv/blog", ("/srv/blog/compose.yml",))
PROXY = Container(
    engine="docker",
    id="b" * 64,
    name="blog-proxy-1",
    ports=(ContainerPort(443, 443, "0.0.0.0"), ContainerPort(80, 80, "0.0.0.0")),
    state="created",
    status="Created",
    compose=COMPOSE,
)
DOCKER_28 = "failed to bind host port 0.0.0.0:80/tcp: address already in use"
TAKEN = [
    DOCKER_28,
    "failed to bind host port for 0.0.0.0:80:172.17.0.2:80/tcp: address already in use",
    "listen tcp4 0.0.0.0:80: bind: address already in use",
    "Error starting userland proxy: listen tcp [::]:80: bind: address already in use",
    "Bind for 0.0.0.0:80 failed: port is already allocated",
    "Bind for 0.0.0.0:80: unexpected error (Failure EADDRINUSE)",
    "rootlessport listen tcp 0.0.0.0:80: bind: address already in use",
    "pasta failed with exit code 1: Failed to bind port 80 (Address already in use) for option "
    "'-t 80-80:80-80', exiting",
]


def refused(words: str) -> Container:
    return replace(PROXY, last_words=words, not_started=True)


def claim_of(*containers: Container, sockets: Listeners | None = None) -> Claim:
    seen = Containers(vantage=Vantage.SERVER, engines=("docker",), containers=containers)
    sockets = sockets or listening(22)
    (claim,) = judge(CHECK, host(), sockets, connected(failure=REFUSED), seen)
    return claim


def held(process: str = "nginx", port: int = 80) -> Listeners:
    socket = Listener(
        vantage=Vantage.SERVER, address="0.0.0.0", port=port, family=4, pid=812, process=process
    )
    return Listeners(vantage=Vantage.SERVER, sockets=(socket,))


def step(claim: Claim) -> str:
    assert claim.fix
    (manual,) = claim.fix.steps
    assert isinstance(manual, Manual)
    return manual.step


@pytest.mark.parametrize("words", TAKEN)
def test_fires_with_the_program_that_has_the_port(words: str) -> None:
    claim = claim_of(refused(words), sockets=held())
    assert (claim.facts["holder"], claim.facts["taken"]) == ("nginx", 80)
    assert step(claim) == "free-the-port"
    assert any("systemctl disable --now nginx" in text for text in texts(CHECK, claim))


def test_fires_with_the_container_that_has_the_port() -> None:
    other = replace(
        PROXY, id="c" * 64, name="old", ports=(ContainerPort(80, 80, "0.0.0.0"),), state="running"
    )
    claim = claim_of(refused(TAKEN[4]), other, sockets=held("docker-proxy"))
    assert (claim.facts["holder"], claim.facts["holder_container"]) == ("", "old")
    assert any("docker stop old" in text for text in texts(CHECK, claim))


def test_a_port_that_is_free_by_now_is_no_programs() -> None:
    claim = claim_of(refused(DOCKER_28))
    assert (claim.facts["freed"], claim.facts["holder"]) == (True, "")
    assert step(claim) == "free-the-port"


def test_silent_on_a_holder_where_another_port_was_taken() -> None:
    claim = claim_of(refused(DOCKER_28.replace(":80/", ":8080/")), sockets=held())
    assert claim.facts["holder"] == ""


def test_sshd_is_not_stopped() -> None:
    claim = claim_of(refused(DOCKER_28), sockets=held("sshd"))
    assert not any("disable --now" in text for text in texts(CHECK, claim))


@pytest.mark.parametrize(
    "words",
    [
        "rootlessport cannot expose privileged port 80, you can add "
        "'net.ipv4.ip_unprivileged_port_start=80' to /etc/sysctl.conf (currently 1024), or choose "
        "a larger port number (>= 1024): listen tcp 0.0.0.0:80: bind: permission denied",
        "pasta failed with exit code 1: Failed to bind port 80 (Permission denied) for option",
        "error while calling PortManager.AddPort(): cannot expose privileged port 80, you can add",
    ],
)
def test_fires_with_the_low_port_of_an_engine_without_root(words: str) -> None:
    """After gutmensch/docker-dmarc-report 66, LibreBooking/docker 139."""
    claim = claim_of(replace(refused(words), engine="podman"))
    assert (claim.facts["privileged"], claim.facts["taken"]) == (80, "")
    assert step(claim) == "allow-low-ports"


def awaited(condition: str, app: Container) -> Claim:
    compose = replace(COMPOSE, conditions=(("app", condition),))
    return claim_of(replace(PROXY, compose=compose), app)


APP = Container(
    engine="docker", id="d" * 64, name="blog-app-1", state="running",
    status="Up 3 minutes (unhealthy)", last_words="/bin/sh: curl: not found",
    compose=replace(COMPOSE, service="app"),
)  # fmt: skip


def test_fires_with_the_unhealthy_container_that_it_waits_for() -> None:
    claim = awaited("service_healthy", APP)
    assert (claim.facts["awaited"], claim.facts["unhealthy"]) == ("blog-app-1", True)
    assert step(claim) == "mend-the-awaited"
    assert any("curl: not found" in text for text in texts(CHECK, claim))


@pytest.mark.parametrize("status", ["Exited (1) 2 minutes ago", "Restarting (1) 2 seconds ago"])
def test_fires_with_the_container_that_ended_before_it(status: str) -> None:
    app = replace(APP, state="exited", status=status)
    for condition in ("service_healthy", "service_completed_successfully"):
        assert awaited(condition, app).facts["awaited"] == "blog-app-1"


def test_silent_on_what_it_does_not_wait_for() -> None:
    well = replace(APP, status="Up 3 minutes (healthy)")
    done = replace(APP, state="exited", status="Exited (0) 3 minutes ago")
    elsewhere = replace(APP, compose=replace(COMPOSE, project="shop", service="app"))
    assert awaited("service_healthy", well).facts["awaited"] == ""
    assert awaited("service_started", APP).facts["awaited"] == ""
    assert awaited("service_completed_successfully", done).facts["awaited"] == ""
    assert awaited("service_healthy", elsewhere).facts["awaited"] == ""


def test_the_policy_is_told_of_one_that_nothing_starts_at_boot() -> None:
    stopped = replace(PROXY, state="exited", status="Exited (255) 2 days ago", last_words="")
    ended = replace(stopped, status="Exited (0) 2 days ago", restart="no")
    assert any("With `unless-stopped`" in text for text in texts(CHECK, claim_of(ended)))
    podman = claim_of(replace(ended, engine="podman"))
    assert any("restart: unless-stopped" in text for text in texts(CHECK, podman))
    always = replace(ended, restart="always")
    assert not any("unless-stopped" in text for text in texts(CHECK, claim_of(always)))
