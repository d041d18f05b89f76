import pytest

from diagnose.model.upstream import Permissions
from diagnose.parsers.linux.file_permissions import blocking_path, has_permission, parse_ls_line


def test_a_line_of_ls() -> None:
    line = "srw-rw---- 1 0 33 0 Nov 24 17:00 /run/app.sock"
    assert parse_ls_line("/run/app.sock", line) == Permissions("/run/app.sock", "srw-rw----", 0, 33)
    extended = parse_ls_line("/run", "drwxr-x---+ 2 0 0 40 Nov 24 17:00 /run")
    assert extended
    assert extended.extended
    assert parse_ls_line("/x", "ls: cannot access '/x': No such file or directory") is None


@pytest.mark.parametrize(
    ("mode", "user", "groups", "allowed"),
    [
        ("srw-rw-rw-", 33, (33,), True),
        ("srw-rw----", 33, (33,), False),
        ("srw-rw----", 33, (60,), True),
        ("srwxr-xr-x", 33, (33,), False),
        ("srw-------", 5, (), True),
        # The owner's class counts, even where others may more.
        ("s---rw-rw-", 5, (60,), False),
        ("s---------", 0, (), True),
    ],
)
def test_who_may_write(mode: str, user: int, groups: tuple[int, ...], allowed: bool) -> None:
    assert has_permission(Permissions("/s", mode, 5, 60), "w", user, groups) is allowed


def test_a_sticky_folder_may_be_searched() -> None:
    assert has_permission(Permissions("/tmp", "drwxrwxrwt", 0, 0), "x", 33, ())
    assert not has_permission(Permissions("/tmp", "drwxrwxrwT", 0, 0), "x", 33, ())


def test_the_outermost_obstacle_is_the_one() -> None:
    socket = Permissions("/a/b/s", "srw-------", 0, 0)
    inner, outer = Permissions("/a/b", "drwx------", 0, 0), Permissions("/a", "drwx--x--x", 0, 0)
    assert blocking_path((socket, inner, outer), 33, ()) is inner
    assert blocking_path((socket, outer), 33, ()) is socket
    assert blocking_path((socket, inner, outer), 0, ()) is None
