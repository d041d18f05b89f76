"""Whether the program that has the port of a service is the service's own."""

from diagnose.probes.inside.own_copies import holding_service, is_copy

COPY = (
    "=at /srv/shop\n=same yes\n=folder /srv/shop\n"
    "=group /user.slice/user-1000.slice/session-3.scope\n"
)


def test_the_same_arguments_in_the_same_folder_by_hand() -> None:
    assert is_copy(COPY)


def test_another_program_is_none() -> None:
    assert not is_copy(COPY.replace("=same yes\n", ""))
    assert not is_copy(COPY.replace("=folder /srv/shop", "=folder /srv/other"))
    assert not is_copy(COPY.replace("session-3.scope", "user@1000.service/app.slice/shop.service"))
    assert not is_copy(COPY.replace("=group /user.slice/user-1000.slice/session-3.scope\n", ""))
    assert not is_copy("")


def test_arguments_that_depend_on_no_folder() -> None:
    elsewhere = COPY.replace("=folder /srv/shop", "=folder /")
    assert is_copy(f"{elsewhere}=rooted yes\n")
    assert not is_copy(f"{elsewhere}=rooted no\n")


def test_the_program_of_a_container_is_none() -> None:
    for group in ("machine.slice/libpod-0a1b.scope", "kubepods/pod1/2", "lxc.payload.web"):
        assert not is_copy(COPY.replace("user.slice/user-1000.slice/session-3.scope", group))


def test_the_service_whose_process_has_the_port() -> None:
    assert holding_service("=group /system.slice/odoo16.service\n=same no\n") == "odoo16"
    assert not holding_service("=group /user.slice/user-1000.slice/session-2.scope\n")
    # An instance of a template is one of several on purpose.
    assert not holding_service("=group /system.slice/system-app.slice/app@2.service\n")
    assert not holding_service("=group /system.slice/docker-5e5e.scope\n")
