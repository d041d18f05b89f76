from dataclasses import replace

import pytest

from diagnose.model import Applicability, Claim, Command, Confidence
from diagnose.model.files import NginxStart, SelinuxMode
from diagnose.model.logs import LogLine
from diagnose.model.nginx import NginxProcess, NginxState
from diagnose.parsers.nginx import config as nginx_parser
from tests.support.check_evidence import judge
from tests.support.nginx_evidence import LOADED, RUNNING, STOPPED, SYSTEMD, config, nginx_says

CHECK = "nginx.port-permission"
SAID = "bind() to 0.0.0.0:443 failed (13: Permission denied)"
LINE = LogLine(file="/var/log/nginx/error.log", when=LOADED + 60, level="emerg", pid=7, text=SAID)
#: As semanage prints them on CentOS 7.
PORTS = "80, 81, 443, 488, 8008, 8009, 8443, 9000"


def start(said: str, user: str = "", selinux: SelinuxMode = "", ports: str = "") -> NginxStart:
    return NginxStart(
        messages=nginx_parser.messages(f"nginx: [emerg] {said}"),
        source="journalctl -u nginx",
        user=user,
        selinux=selinux,
        ports=ports,
    )


def commands(claim: Claim) -> list[str]:
    steps = claim.fix.steps if claim.fix else ()
    return [" ".join(step.argv) for step in steps if isinstance(step, Command)]


def test_fires_by_the_log_of_an_nginx_that_does_not_run() -> None:
    (claim,) = judge(CHECK, nginx_says(), config(), STOPPED, LINE)
    assert claim.facts["port"] == 443
    assert claim.confidence is Confidence.LIKELY
    assert commands(claim) == ["nginx -t", "nginx"]
    assert claim.location
    assert claim.fix
    assert claim.fix.applicability is Applicability.AUTOMATIC


def test_fires_for_a_reload_of_one_that_is_not_roots() -> None:
    master = NginxProcess(pid=7, binary="/usr/sbin/nginx", loaded=LOADED, user=33)
    state = NginxState(installed=True, masters=(master,))
    (claim,) = judge(CHECK, nginx_says(), config(), state, LINE)
    assert claim.facts["user"] == "33"
    assert commands(claim) == ["nginx -t", "nginx -s stop", "nginx"]
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW


def test_fires_for_a_unit_with_a_user_of_its_own() -> None:
    observation = start(SAID, user="www-data")
    (claim,) = judge(CHECK, nginx_says(), config(), STOPPED, observation, SYSTEMD)
    assert claim.facts["user"] == "www-data"
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


def test_fires_for_a_port_that_selinux_has_for_others() -> None:
    # Recorded: SELinux cannot run in the laboratory.
    observation = start(SAID.replace("443", "7443"), selinux="enforcing", ports=PORTS)
    (claim,) = judge(CHECK, nginx_says(), config(), STOPPED, observation, SYSTEMD)
    assert claim.facts["selinux"]
    assert commands(claim)[0] == "semanage port -a -t http_port_t -p tcp 7443"


def test_fires_for_a_reload_of_roots_and_does_not_stop_what_runs() -> None:
    root = replace(RUNNING, masters=(replace(RUNNING.masters[0], user=0),))
    (claim,) = judge(CHECK, nginx_says(), config(), root, LINE)
    assert commands(claim) == ["nginx -t", "nginx -s reload"]
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


def test_selinux_is_not_blamed_for_a_port_that_it_allows() -> None:
    observation = start(SAID, selinux="enforcing", ports=PORTS)
    (claim,) = judge(CHECK, nginx_says(), config(), STOPPED, observation, SYSTEMD)
    assert not claim.facts["selinux"]


@pytest.mark.parametrize(
    "text", [SAID.replace("13: Permission denied", "98: Address already in use"), "bind()"]
)
def test_silent_for_a_port_that_is_taken(text: str) -> None:
    assert not judge(CHECK, nginx_says(), config(), STOPPED, replace(LINE, text=text))


def test_silent_for_a_master_that_was_started_since() -> None:
    assert not judge(CHECK, nginx_says(), config(), RUNNING, replace(LINE, pid=6))
    assert not judge(CHECK, nginx_says(), config(), RUNNING, replace(LINE, when=LOADED - 5))
