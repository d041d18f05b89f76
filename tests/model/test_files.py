from dataclasses import replace

import pytest

from diagnose.model.files import Access, NginxStart, PageAccess, PathComponent
from diagnose.model.nginx import TestMessage as NginxMessage
from tests.support.summaries import summary_text

KEY = PathComponent("/srv/shop.key", 1000, "alice", 50, "staff", 0o000, folder=False)
FOLDER = PathComponent("/srv", 1000, "alice", 50, "staff", 0o000)
OWNER, MEMBER, OTHER = (1000, (50,)), (33, (33, 50)), (33, (33,))


@pytest.mark.parametrize(
    ("part", "mode", "reader"),
    [
        (KEY, 0o400, OWNER),
        (KEY, 0o040, MEMBER),
        (KEY, 0o004, OTHER),
        (FOLDER, 0o100, OWNER),
        (FOLDER, 0o010, MEMBER),
        (FOLDER, 0o001, OTHER),
    ],
)
def test_one_bit_decides_for_each_reader(
    part: PathComponent, mode: int, reader: tuple[int, tuple[int, ...]]
) -> None:
    """Reading a file needs its r bit, entering a folder its x bit (path_resolution(7))."""
    assert replace(part, mode=mode).admits(*reader)
    assert not replace(part, mode=0o777 & ~mode).admits(*reader)


def test_an_owner_without_permission_has_not_that_of_the_others() -> None:
    assert not replace(KEY, mode=0o077).admits(*OWNER)
    assert not replace(KEY, mode=0o707).admits(*MEMBER)


def test_root_may_read_everything_and_an_access_list_may_allow_anybody() -> None:
    assert KEY.admits(0, ())
    assert replace(KEY, listed=True).admits(*OTHER)


def test_denied_parts_are_those_that_the_user_may_not_pass() -> None:
    shut, key = replace(FOLDER, mode=0o700), replace(KEY, mode=0o640)
    access = Access(path="/srv/shop.key", parts=(shut, key), uid=33, gids=(33, 50))
    assert access.denied_parts == (shut,)
    assert replace(access, gids=()).denied_parts == (shut, key)
    assert replace(access, uid=0).denied_parts == ()


def test_nothing_is_denied_to_an_unknown_user() -> None:
    assert Access(path="/srv/shop.key", parts=(FOLDER, KEY)).denied_parts == ()


def test_the_summary_shows_what_is_denied_or_else_the_file() -> None:
    parts = (replace(FOLDER, mode=0o755), replace(KEY, mode=0o600, label="etc_t"))
    said = "0600 alice:staff etc_t /srv/shop.key"
    denied = PageAccess(path="/srv/shop.key", parts=parts, uid=33, user="www-data")
    assert summary_text(denied) == ("/srv/shop.key for www-data", said)
    assert summary_text(Access(path="/srv/shop.key", parts=parts)) == ("/srv/shop.key", said)
    closed = (replace(FOLDER, mode=0o700), parts[1])
    assert "/srv, " in summary_text(replace(denied, parts=closed))[1]


def test_a_start_is_summed_up_by_its_last_message_its_end_or_its_state() -> None:
    messages = (NginxMessage("warn", "first"), NginxMessage("emerg", "last"))
    start = NginxStart(messages=messages, line="exited", unit="nginx.service", state="failed")
    assert summary_text(start)[1] == "last"
    assert summary_text(replace(start, messages=()))[1] == "exited"
    assert summary_text(replace(start, messages=(), line=""))[1] == "nginx.service failed"
    assert summary_text(NginxStart(selinux="enforcing"))[1] == "SELinux enforcing"
