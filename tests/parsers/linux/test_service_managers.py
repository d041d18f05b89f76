"""The laboratory has no service manager: what systemctl prints is written after systemctl(1) and
systemd 219, 239 and 257, the rest is what the probe's own script prints."""

from hypothesis import given
from hypothesis import strategies as st

from diagnose.parsers.linux.service_managers import Service, service, unit_of

DISABLED = """\
process nginx
manager systemd
Id=nginx.service
RequiredBy=
WantedBy=
LoadState=loaded
ActiveState=active
DropInPaths=
UnitFileState=disabled
ExecMainStartTimestampMonotonic=81023311
"""


def test_a_unit_that_runs_and_is_disabled() -> None:
    assert service(DISABLED) == Service("systemd", "nginx.service", "disabled", True, True, "nginx")


def test_what_somebodys_login_started_runs_all_the_same() -> None:
    found = service("session yes\n" + DISABLED.replace("=active", "=inactive"))
    assert found is not None
    assert (found.running, found.by_hand, found.state) == (True, True, "disabled")


def test_what_pulls_a_unit_in_is_named() -> None:
    text = DISABLED.replace("WantedBy=\n", "WantedBy=multi-user.target web.target\n")
    found = service(text + "TriggeredBy=nginx.socket\n")
    assert found is not None
    assert found.pulled_by == ("multi-user.target", "web.target", "nginx.socket")


def test_a_cluster_manager_leaves_its_services_disabled() -> None:
    path = "/run/systemd/system/nginx.service.d/50-pacemaker.conf"
    found = service(DISABLED.replace("DropInPaths=", f"DropInPaths={path}"))
    assert found is not None
    assert found.cluster


def test_a_unit_that_is_not_there_has_no_state() -> None:
    text = "manager systemd\nId=nginx.service\nLoadState=not-found\nUnitFileState=\n"
    found = service(text + "ActiveState=inactive\n")
    assert found == Service("systemd", "nginx.service", "", False, False)


def test_openrc_and_system_v_know_runlevels() -> None:
    text = "process nginx\nmanager openrc\nrunning yes\nlevel /etc/runlevels/default/nginx\n"
    found = service(text + "service nginx\n")
    assert found == Service("openrc", "nginx", "enabled", True, True, "nginx")
    text = "named /etc/rc.local\nmanager sysv\nrunning yes\nservice nginx\n"
    found = service(text)
    assert found == Service("sysv", "nginx", "disabled", True, named_in=("/etc/rc.local",))


def test_without_a_service_manager_nothing_is_said() -> None:
    assert service("process nginx\n") is None
    assert service("manager openrc\n") is None


@given(st.text(max_size=80))
def test_no_text_breaks_it(text: str) -> None:
    service(f"manager systemd\nId={text}\n{text}")
    service(f"manager sysv\nservice x\n{text}")


def test_the_unit_of_a_process_is_the_last_service_on_its_groups_path() -> None:
    assert unit_of(["0::/system.slice/nginx.service"]) == "nginx.service"
    assert unit_of(["1:name=systemd:/system.slice/nginx.service/sub"]) == "nginx.service"
    assert unit_of(["4:memory:/", "1:name=systemd:/system.slice/web@a.service"]) == "web@a.service"


def test_what_a_login_or_a_users_own_manager_started_is_theirs() -> None:
    assert unit_of(["0::/user.slice/user-0.slice/session-3.scope"]) == "session-3.scope"
    own = "0::/user.slice/user-1000.slice/user@1000.service/app.slice/nginx.service"
    assert unit_of([own]) == "user@1000.service"


def test_a_process_outside_of_units_belongs_to_none() -> None:
    assert unit_of(["0::/"]) == ""
    assert unit_of(["4:memory:/system.slice/nginx.service"]) == ""
    assert unit_of([]) == ""
