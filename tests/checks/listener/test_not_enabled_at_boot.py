"""The laboratory has no service manager: these are literals."""

from dataclasses import replace

import pytest

from diagnose.checking.registry import load_check
from diagnose.checking.root_cause import findings
from diagnose.model import Applicability, Command, Confidence, Manual, Severity, Vantage
from diagnose.model.kernel import Boot
from diagnose.model.nginx import NginxState
from diagnose.model.server import Listeners
from tests.support.check_evidence import REFUSED, judge
from tests.support.tcp_evidence import attempt

BOOT = Boot(
    vantage=Vantage.SERVER,
    manager="systemd",
    service="nginx.service",
    state="disabled",
    running=True,
    process="nginx",
)
OFF = replace(BOOT, running=False, started=False, process="")
IDLE = NginxState(vantage=Vantage.SERVER, installed=True)


def commands(boot: Boot, *more: NginxState) -> list[str]:
    (claim,) = judge("listener.not-enabled-at-boot", boot, *more, attempt(failure=REFUSED))
    assert claim.fix is not None
    return [" ".join(step.argv) for step in claim.fix.steps if isinstance(step, Command)]


def test_fires_as_a_warning_while_it_runs() -> None:
    (claim,) = judge("listener.not-enabled-at-boot", BOOT, attempt())
    assert claim.severity is None
    assert claim.facts["service"] == "nginx.service"
    assert commands(BOOT) == ["systemctl enable nginx.service"]
    assert claim.fix is not None
    assert claim.fix.applicability is Applicability.AUTOMATIC


def test_fires_with_less_certainty_for_what_somebodys_login_started() -> None:
    (claim,) = judge("listener.not-enabled-at-boot", replace(BOOT, by_hand=True), attempt())
    assert claim.confidence is Confidence.LIKELY
    assert claim.fix is not None
    assert claim.fix.applicability is Applicability.REVIEW


def test_fires_for_a_masked_unit() -> None:
    masked = replace(BOOT, state="masked")
    assert commands(masked) == [
        "systemctl unmask nginx.service",
        "systemctl enable nginx.service",
    ]
    runtime = replace(BOOT, state="masked-runtime")
    assert commands(runtime)[0] == "systemctl unmask --runtime nginx.service"
    (claim,) = judge("listener.not-enabled-at-boot", masked, attempt())
    assert claim.fix is not None
    assert claim.fix.applicability is Applicability.REVIEW


def test_fires_with_each_managers_own_words() -> None:
    openrc = replace(BOOT, manager="openrc", service="nginx")
    assert commands(openrc) == ["rc-update add nginx default"]
    sysv = replace(BOOT, manager="sysv", service="nginx")
    (claim,) = judge("listener.not-enabled-at-boot", sysv)
    assert claim.fix is not None
    assert isinstance(claim.fix.steps[0], Manual)


def test_fires_as_the_cause_of_a_site_that_died_with_a_restart() -> None:
    nothing = Listeners(vantage=Vantage.SERVER)
    observations = (OFF, IDLE, nothing, attempt(failure=REFUSED))
    (claim,) = judge("listener.not-enabled-at-boot", *observations)
    assert claim.severity is Severity.ERROR
    assert commands(OFF, IDLE) == ["systemctl enable --now nginx.service"]
    (missing,) = judge("listener.missing", *observations)
    cause, symptom = findings(
        [
            (load_check("listener.missing"), missing),
            (load_check("listener.not-enabled-at-boot"), claim),
        ]
    )
    assert (cause.check.id, symptom.explained_by) == ("listener.not-enabled-at-boot", cause.id)


@pytest.mark.parametrize("state", ["enabled", "static", "generated", "indirect", "alias", ""])
def test_silent_about_what_is_or_may_be_started(state: str) -> None:
    assert not judge("listener.not-enabled-at-boot", replace(BOOT, state=state), attempt())


@pytest.mark.parametrize(
    "boot",
    [
        replace(BOOT, pulled_by=("web.target",)),
        replace(BOOT, named_in=("/etc/rc.local",)),
        replace(BOOT, cluster=True),
    ],
    ids=["another unit", "rc.local", "pacemaker"],
)
def test_silent_where_something_else_starts_it(boot: Boot) -> None:
    assert not judge("listener.not-enabled-at-boot", boot, attempt())


def test_silent_about_a_service_that_is_off_while_the_site_works() -> None:
    assert not judge("listener.not-enabled-at-boot", OFF, IDLE, attempt())


def test_silent_about_a_service_that_has_run_since_the_machine_started() -> None:
    stopped = replace(OFF, started=True)
    assert not judge("listener.not-enabled-at-boot", stopped, IDLE, attempt(failure=REFUSED))
