"""server.traefik-no-router: when it fires, and when it is silent."""

from dataclasses import replace

import pytest

from diagnose.model import Confidence, Severity
from diagnose.model.traefik import Router
from tests.support.check_evidence import judge
from tests.support.traefik_evidence import NOT_FOUND, ROUTER, TRAEFIK, state

CHECK = "server.traefik-no-router"


@pytest.mark.parametrize(
    ("router", "reason"),
    [
        (replace(ROUTER, entry_points=("web",)), "entry_point"),
        (replace(ROUTER, tls=False), "plain"),
        (replace(ROUTER, status="disabled", errors=("middleware a does not exist",)), "errors"),
        (replace(ROUTER, status="disabled", filtered="unhealthy", container="app"), "unhealthy"),
        (
            replace(ROUTER, status="disabled", filtered="not_enabled", container="app"),
            "not_enabled",
        ),
        (replace(ROUTER, status="disabled", filtered="stopped", container="app"), "stopped"),
        (replace(ROUTER, rule="Host(`x`)", has_name=False, takes=False), "no_name"),
    ],
)
def test_fires_with_the_reason(router: Router, reason: str) -> None:
    (claim,) = judge(CHECK, TRAEFIK, state(router), NOT_FOUND)
    assert claim.facts[reason] is True
    assert claim.confidence is Confidence.CERTAIN


def test_fires_as_a_warning_on_another_path() -> None:
    (claim,) = judge(CHECK, TRAEFIK, state(replace(ROUTER, takes=False)), NOT_FOUND)
    assert (claim.severity, claim.facts["other_path"]) == (Severity.WARNING, True)


def test_fires_without_certainty_on_files() -> None:
    plain = replace(ROUTER, tls=False)
    (claim,) = judge(CHECK, TRAEFIK, state(plain, running=False), NOT_FOUND)
    assert claim.confidence is Confidence.LIKELY


def test_silent_where_a_router_takes_the_page_or_may() -> None:
    assert not judge(CHECK, TRAEFIK, state(ROUTER), NOT_FOUND)
    plain = replace(ROUTER, tls=False)
    assert not judge(CHECK, TRAEFIK, state(plain, replace(ROUTER, takes=None)), NOT_FOUND)


def test_silent_where_the_application_answers_or_other_routers_may_be_there() -> None:
    plain = state(replace(ROUTER, tls=False))
    assert not judge(CHECK, TRAEFIK, plain, replace(NOT_FOUND, body="<html>nothing</html>"))
    assert not judge(CHECK, TRAEFIK, plain, replace(NOT_FOUND, status=200))
    assert not judge(CHECK, TRAEFIK, state(complete=False), NOT_FOUND)
