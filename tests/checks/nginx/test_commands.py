"""By which command nginx takes a change: by the service that it belongs to, if it does."""

from typing import Any

import pytest

from checks.nginx import Nginx
from checks.nginx._commands import reload_command, start_commands, systemd_unit
from diagnose.model import Observation
from diagnose.model.kernel import Boot
from diagnose.model.nginx import NginxBuild, NginxProcess, NginxState
from tests.support.check_evidence import evidence
from tests.support.nginx_evidence import BUILD, HOST, SYSTEMD

LOCAL = NginxBuild(binary="/usr/local/nginx/sbin/nginx", version="1.26.3")


def reload(unit: str, *observations: Observation) -> str:
    builds = [observation for observation in observations if isinstance(observation, NginxBuild)]
    build = builds[0] if builds else BUILD
    master = NginxProcess(pid=7, binary=build.binary, unit=unit)
    state = NginxState(installed=True, masters=(master,))
    rest = [observation for observation in observations if observation is not build]
    return " ".join(reload_command(Nginx.of(evidence(SYSTEMD, state, build, *rest))).argv)


def asked(service: str, **fields: Any) -> Boot:
    known: dict[str, Any] = {"state": "enabled", "running": True, "main_pid": 7, "reloads": True}
    return Boot(manager="systemd", service=service, **(known | fields))


@pytest.mark.parametrize("name", ["nginx", "openresty", "web"])
def test_the_service_that_it_is_the_main_process_of_reloads_it(name: str) -> None:
    said = reload(f"{name}.service", LOCAL, asked(f"{name}.service"))
    assert said == f"systemctl reload {name}"


def test_a_script_of_system_v_has_no_main_process() -> None:
    boot = asked("nginx.service", state="generated", main_pid=0)
    assert reload("nginx.service", LOCAL, boot) == "systemctl reload nginx"


def test_what_sshd_or_rc_local_started_is_not_theirs_to_reload() -> None:
    own = "/usr/local/nginx/sbin/nginx -s reload"
    assert reload("ssh.service", LOCAL, asked("ssh.service", main_pid=1)) == own
    boot = asked("rc-local.service", main_pid=0, reloads=False)
    assert reload("rc-local.service", LOCAL, boot) == own
    assert reload("cron.service", LOCAL) == own


def test_one_that_somebody_started_by_hand_is_reached_by_its_program() -> None:
    boot = asked("nginx.service", running=True, by_hand=True, main_pid=0)
    assert reload("session-3.scope", boot) == "nginx -s reload"
    idle = asked("nginx.service", running=False, main_pid=0)
    assert reload("", idle) == "nginx -s reload"


def test_without_more_knowledge_the_packaged_one_belongs_to_its_service() -> None:
    assert reload("") == "systemctl reload nginx"
    assert reload("nginx.service") == "systemctl reload nginx"
    assert reload("", LOCAL) == "/usr/local/nginx/sbin/nginx -s reload"


def test_without_systemd_there_is_no_service() -> None:
    state = NginxState(installed=True, masters=(NginxProcess(pid=7, binary="/usr/sbin/nginx"),))
    assert systemd_unit(Nginx.of(evidence(HOST, state, BUILD))) == ""


@pytest.mark.parametrize(("running", "verb"), [(False, "start"), (True, "restart")])
def test_openrc_starts_it_where_it_has_its_service(running: bool, verb: str) -> None:
    boot = Boot(manager="openrc", service="nginx", state="enabled", running=running)
    state = NginxState(installed=True, programs=("/usr/sbin/nginx",))
    (start,) = start_commands(Nginx.of(evidence(HOST, state, BUILD, boot)))
    assert start.argv == ("rc-service", "nginx", verb)
    (own,) = start_commands(Nginx.of(evidence(HOST, state, LOCAL, boot)))
    assert own.argv[0] == "/usr/local/nginx/sbin/nginx"
