"""Whether the program that has the port of a service is the service's own."""

from diagnose.probes.inside.own_copies import is_copy

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


def test_the_program_of_a_container_is_none() -> None:
    for group in ("machine.slice/libpod-0a1b.scope", "kubepods/pod1/2", "lxc.payload.web"):
        assert not is_copy(COPY.replace("user.slice/user-1000.slice/session-3.scope", group))
