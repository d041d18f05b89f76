"""Who may read a file: what the script says of a path, and what is made of it."""

import asyncio
import os
import shlex
from pathlib import Path

import pytest

from diagnose.machine.local import LocalMachine
from diagnose.model.files import Access
from diagnose.probes.inside.file_access import ACCESS_SCRIPT, parse_access, read_access
from tests.support.recorded_machine import RecordedMachine

KEY = "/etc/nginx/shop.key"
#: The key is a link: its own path comes first, and then that which it leads to.
LINKED = f"""\
uid 33
gids 33 4
name www-data www-data
path {KEY}
part 0 root 0 root 600 regular file|?|{KEY}
part 0 root 0 root 755 directory|?|/etc/nginx
part 0 root 0 root 755 directory|?|/
part 0 root 0 root 600 regular file|?|/srv/keys/shop.key
part 0 root 4 adm 750 directory|?|/srv/keys
acl /srv/keys
part 0 root 0 root 755 directory|?|/
"""
#: Recorded: SELinux cannot run here.
LABELLED = f"""\
selinux 1
path {KEY}
part 0 root 0 root 600 regular file|unconfined_u:object_r:admin_home_t:s0|{KEY}
default system_u:object_r:httpd_config_t:s0
"""


def parsed(text: str) -> Access:
    (access,) = parse_access(text)
    return access


def test_the_parts_lead_inwards_and_leave_out_a_link() -> None:
    access = parsed(LINKED)
    folders = ["/", "/srv/keys", "/etc/nginx"]
    assert [part.path for part in access.parts] == [*folders, "/srv/keys/shop.key"]
    assert [part.path for part in access.parts if part.listed] == ["/srv/keys"]
    assert [part.mode for part in access.parts] == [0o755, 0o750, 0o755, 0o600]


def test_the_reader_is_told_with_all_groups() -> None:
    access = parsed(LINKED)
    assert (access.uid, access.user, access.gids, access.group) == (
        33, "www-data", (33, 4), "www-data",
    )  # fmt: skip
    assert access.equivalent == f"namei -l {KEY}"


def test_labels_and_the_policys_own_are_read() -> None:
    access = parsed(LABELLED)
    assert access.enforcing
    assert access.parts[0].label == "unconfined_u:object_r:admin_home_t:s0"
    assert access.default == "system_u:object_r:httpd_config_t:s0"
    assert access.uid is None


def test_a_question_mark_is_no_label() -> None:
    assert {part.label for part in parsed(LINKED).parts} == {""}
    assert not parsed(LINKED).enforcing


@pytest.mark.parametrize(
    ("caps", "uid"),
    [
        ("0000000000000400", 33),  # CAP_NET_BIND_SERVICE, capabilities(7)
        ("0000000000000002", None),  # CAP_DAC_OVERRIDE
        ("0000000000000404", None),  # CAP_DAC_READ_SEARCH with the first
    ],
)
def test_a_process_that_may_read_everything_is_nobody_in_particular(
    caps: str, uid: int | None
) -> None:
    assert parsed(LINKED.replace("uid 33", f"uid 33\ncaps {caps}")).uid == uid


def test_names_from_the_server_are_made_harmless() -> None:
    access = parsed(LINKED.replace("www-data", "\x1b[2Jroot").replace("4 adm", "4 \x1b]0;adm"))
    assert "\x1b" not in access.user + access.group
    assert not any("\x1b" in part.group for part in access.parts)


def test_a_path_that_does_not_exist_is_left_out() -> None:
    asked = shlex.join(("sh", "-c", ACCESS_SCRIPT, "sh", "www-data", "", "/none", KEY))
    machine = RecordedMachine({asked: LINKED.replace(f"path {KEY}", f"path /none\npath {KEY}")})
    (access,) = asyncio.run(read_access(machine, "www-data", "", ("/none", KEY)))
    assert access.path == KEY
    assert asyncio.run(read_access(RecordedMachine(), "www-data", "", (KEY,))) == ()


def test_this_machine_tells_who_may_read_a_file_behind_a_link(tmp_path: Path) -> None:
    (tmp_path / "archive").mkdir(mode=0o700)
    key = tmp_path / "archive" / "a key.pem"
    key.write_text("")
    key.chmod(0o640)
    link = tmp_path / "key.pem"
    link.symlink_to(key)
    (access,) = asyncio.run(read_access(LocalMachine(), "", str(os.getpid()), (str(link),)))
    assert access.uid == (os.getuid() or None)  # root reads everything
    assert [part.mode for part in access.parts[-2:]] == [0o700, 0o640]
    assert access.parts[-1].path == str(key.resolve())
    assert not access.parts[-1].folder
