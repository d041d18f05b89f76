from dataclasses import replace

from diagnose.model import Applicability, Command
from diagnose.model.containers import Container, ContainerPort, Containers
from tests.support.check_evidence import TIMEOUT, judge
from tests.support.tls_evidence import shake

CHECK = "listener.container-paused"
PAUSED = Container(
    engine="docker",
    id="b" * 64,
    name="shop",
    ports=(ContainerPort(443, 443, "0.0.0.0"),),
    state="paused",
    status="Up 2 minutes (Paused)",
)
SEEN = Containers(engines=("docker",), containers=(PAUSED,))
STALLED = replace(shake(), failure=TIMEOUT, chain=())


def test_fires_and_lets_it_go_on() -> None:
    (claim,) = judge(CHECK, SEEN, STALLED)
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    (step,) = claim.fix.steps
    assert isinstance(step, Command)
    assert step.argv == ("docker", "unpause", "shop")


def test_silent_where_it_runs_or_another_answers() -> None:
    running = replace(PAUSED, state="running", id="c" * 64, name="other")
    assert not judge(CHECK, replace(SEEN, containers=(running,)), STALLED)
    assert not judge(CHECK, replace(SEEN, containers=(PAUSED, running)), STALLED)
    assert not judge(CHECK, SEEN, shake())
    elsewhere = replace(PAUSED, ports=(ContainerPort(80, 80),))
    assert not judge(CHECK, replace(SEEN, containers=(elsewhere,)), STALLED)
