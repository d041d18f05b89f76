from dataclasses import replace

import pytest

from diagnose.model import (
    Applicability,
    Command,
    Confidence,
    Edit,
    Observation,
    Severity,
    Vantage,
    commands,
)
from diagnose.model.kernel import Boot
from diagnose.model.nginx import NginxProcess, NginxState
from diagnose.model.server import Listener, Listeners, PidFile
from diagnose.parsers.nginx.edits import apply_patch
from tests.support.check_evidence import REFUSED, judge
from tests.support.firewall_rules import connected, host
from tests.support.nginx_evidence import BUILD, RUNNING, SYSTEMD, config


def listening(pid: int = 7, port: int = 443) -> Listeners:
    socket = Listener(
        vantage=Vantage.SERVER, address="0.0.0.0", port=port, family=4, pid=pid, process="nginx"
    )
    return Listeners(vantage=Vantage.SERVER, sockets=(socket,))


def file(pid: int | None = None) -> PidFile:
    return PidFile(vantage=Vantage.SERVER, path="/run/nginx.pid", pid=pid)


def running_nginx(*observations: Observation) -> tuple[Observation, ...]:
    return (host(), RUNNING, BUILD, config(), *observations)


def test_fires_where_the_pid_file_has_gone() -> None:
    (claim,) = judge("listener.orphan-nginx", *running_nginx(listening(), file(), connected()))
    assert (claim.severity, claim.confidence) == (Severity.WARNING, Confidence.CERTAIN)
    assert claim.fix is not None
    assert claim.fix.applicability is Applicability.AUTOMATIC
    number, *taken = claim.fix.steps
    assert isinstance(number, Edit)
    assert (number.path, apply_patch("", number.diff)) == ("/run/nginx.pid", "7\n")
    argvs = [step.argv for step in taken if isinstance(step, Command)]
    assert argvs == [("nginx", "-t"), ("nginx", "-s", "reload")]


def test_fires_where_it_names_another_process() -> None:
    (claim,) = judge("listener.orphan-nginx", SYSTEMD, *running_nginx(listening(), file(4711)))
    assert claim.facts["named"] == 4711
    assert claim.fix is not None
    assert claim.fix.applicability is Applicability.REVIEW
    assert claim.fix.steps[-1] == commands.restart_service("nginx")


@pytest.mark.parametrize(
    ("binary", "version", "unit"),
    [
        ("/usr/local/openresty/nginx/sbin/nginx", "openresty/1.27.1.1", "openresty"),
        ("/usr/bin/openresty", "openresty/1.27.1.1", "openresty"),
        ("/opt/web/sbin/nginx", "openresty/1.27.1.1", "openresty"),
        ("/usr/local/tengine/sbin/nginx", "Tengine/3.1.0", "tengine"),
        ("/usr/local/nginx/sbin/nginx", "nginx/1.26.3", "nginx"),
    ],
)
def test_fires_and_starts_the_service_of_the_program_that_runs(
    binary: str, version: str, unit: str
) -> None:
    state = NginxState(
        vantage=Vantage.SERVER, installed=True, masters=(NginxProcess(pid=7, binary=binary),)
    )
    build = replace(BUILD, binary=binary, version=version)
    given = (SYSTEMD, host(), state, build, config(), listening(), file(4711))
    (claim,) = judge("listener.orphan-nginx", *given)
    assert claim.fix is not None
    assert claim.fix.steps[-1] == commands.restart_service(unit)


def test_silent_where_the_pid_file_of_openresty_names_its_master() -> None:
    binary = "/usr/local/openresty/nginx/sbin/nginx"
    state = NginxState(installed=True, masters=(NginxProcess(pid=7, binary=binary),))
    build = replace(BUILD, binary=binary, version="openresty/1.27.1.1")
    given = (SYSTEMD, host(), state, build, config(), listening(), file(7))
    assert not judge("listener.orphan-nginx", *given)


def test_fires_and_writes_the_number_for_the_service_that_lost_its_file() -> None:
    boot = Boot(
        vantage=Vantage.SERVER,
        manager="systemd",
        service="nginx.service",
        state="enabled",
        running=True,
    )
    (claim,) = judge(
        "listener.orphan-nginx", SYSTEMD, *running_nginx(listening(), file(4711), boot)
    )
    assert claim.fix is not None
    number, *_, reload = claim.fix.steps
    assert isinstance(number, Edit)
    assert apply_patch("4711\n", number.diff) == "7\n"
    assert reload == commands.reload_service("nginx")
    apart = replace(boot, by_hand=True)
    (claim,) = judge(
        "listener.orphan-nginx", SYSTEMD, *running_nginx(listening(), file(4711), apart)
    )
    assert claim.fix is not None
    assert claim.fix.applicability is Applicability.REVIEW


@pytest.mark.parametrize(
    ("service", "state"), [("nginx.service", ""), ("rc-local.service", "static")]
)
def test_fires_and_where_no_service_has_nginx_its_number_is_enough(
    service: str, state: str
) -> None:
    """An own build that a login or rc.local started: nothing else would start a second one."""
    boot = Boot(manager="systemd", service=service, state=state, running=True, by_hand=not state)
    (claim,) = judge(
        "listener.orphan-nginx", SYSTEMD, *running_nginx(listening(), file(4711), boot)
    )
    assert claim.fix is not None
    assert isinstance(claim.fix.steps[0], Edit)


def test_fires_as_an_error_where_visitors_meet_something_wrong() -> None:
    refused = connected(failure=REFUSED)
    (claim,) = judge("listener.orphan-nginx", *running_nginx(listening(port=80), file(), refused))
    assert (claim.severity, claim.confidence) == (Severity.ERROR, Confidence.LIKELY)


def test_silent_where_the_file_names_the_master() -> None:
    assert not judge("listener.orphan-nginx", *running_nginx(listening(), file(7)))


def test_silent_where_the_master_holds_nothing_or_several_run() -> None:
    assert not judge("listener.orphan-nginx", *running_nginx(listening(pid=9), file()))
    masters = tuple(NginxProcess(pid=pid, binary="/usr/sbin/nginx") for pid in (7, 9))
    both = NginxState(vantage=Vantage.SERVER, installed=True, masters=masters)
    assert not judge("listener.orphan-nginx", host(), both, config(), listening(), file())


def test_silent_where_nothing_runs_or_in_a_container() -> None:
    foreign = NginxState(
        vantage=Vantage.SERVER,
        installed=True,
        masters=(NginxProcess(pid=7, binary="/usr/sbin/nginx", foreign=True),),
    )
    assert not judge("listener.orphan-nginx", host(), foreign, config(), listening(), file())
