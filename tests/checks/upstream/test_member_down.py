"""upstream.member-down: when it fires, and when it is silent."""

from dataclasses import replace

import pytest

from diagnose.model import Applicability, Confidence, Failure, Manual, Severity
from diagnose.model.containers import ContainerPort
from diagnose.model.symptom import Symptom
from tests.checks.upstream.test_container_stopped import ENDED, docker_containers
from tests.support.check_evidence import SHOP, judge
from tests.support.upstreams import proxied, tried

CHECK = "upstream.member-down"
GROUP = proxied("http://shop", "upstream shop { server 127.0.0.1:3000; server 127.0.0.1:3001; }\n")
REFUSED = Failure("refused", "Connection refused", 111, "ECONNREFUSED")
UP = tried("http://shop")
DOWN = tried("http://shop", port=3001, failure=REFUSED)


def test_fires_as_a_note() -> None:
    (claim,) = judge(CHECK, GROUP, UP, DOWN)
    assert (claim.severity, claim.confidence) == (Severity.NOTE, Confidence.CERTAIN)
    assert str(claim.about) == "127.0.0.1:3001"
    assert claim.facts["serving"] == ("127.0.0.1:3000",)
    assert claim.fix
    (step,) = claim.fix.steps
    assert isinstance(step, Manual)
    assert "server 127.0.0.1:3000; server 127.0.0.1:3001 down;" in str(step.commands[0])


@pytest.mark.parametrize(
    "symptom",
    [
        Symptom("status", "no live upstreams while connecting to upstream", 502),
        Symptom("sometimes", "the page fails now and then"),
    ],
    ids=str,
)
def test_fires_as_a_warning_after_a_message(symptom: Symptom) -> None:
    (claim,) = judge(CHECK, GROUP, UP, DOWN, target=replace(SHOP, symptom=symptom))
    assert (claim.severity, claim.confidence) == (Severity.WARNING, Confidence.LIKELY)


def test_fires_with_the_container_that_is_started() -> None:
    ended = replace(ENDED, ports=(ContainerPort(3000, 3001, "127.0.0.1"),))
    (claim,) = judge(CHECK, GROUP, UP, DOWN, docker_containers(ended))
    assert claim.facts["container"] == "shop-app-1"
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    assert claim.fix.steps[0].argv == ("docker", "start", "shop-app-1")  # type: ignore[union-attr]


def test_fires_as_a_note_for_a_spare_server_that_nobody_needs_now() -> None:
    """Blue and green: one of the pair is stopped, and 502 does not come from it."""
    told = replace(SHOP, symptom=Symptom("status", "502 Bad Gateway", 502))
    (claim,) = judge(CHECK, GROUP, UP, replace(DOWN, backup=True), target=told)
    assert claim.facts["idle"] is True
    assert (claim.severity, claim.confidence) == (Severity.NOTE, Confidence.CERTAIN)
    both = replace(UP, backup=True), replace(DOWN, backup=True)
    (claim,) = judge(CHECK, GROUP, *both, target=told)
    assert claim.severity is Severity.WARNING


def test_fires_where_a_spare_server_is_left() -> None:
    (claim,) = judge(CHECK, GROUP, replace(UP, backup=True), DOWN)
    assert claim.facts["spare"] is True


@pytest.mark.parametrize(
    "observations",
    [
        (UP, replace(DOWN, failure=None)),
        (replace(UP, failure=REFUSED), DOWN),
        (UP,),
        (UP, DOWN, replace(DOWN, failure=None, address="::1")),
    ],
    ids=["both are up", "both are down", "one was not tried", "another of its addresses is up"],
)
def test_silent_when(observations: tuple[object, ...]) -> None:
    assert not judge(CHECK, GROUP, *observations)  # type: ignore[arg-type]
