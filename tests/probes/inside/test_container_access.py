"""Who may read a file of a container: what is made of the script's words. The script itself is
tested in tests/machine/test_container.py."""

from diagnose.model.files import Access
from diagnose.probes.inside.file_access import parse_access

PAGE = "/usr/share/nginx/html/index.html"
#: Recorded: the worker of the official image, and a mounted file of user 1000 of the server.
HEAD = """\
container
uid 101
gids 101 101
caps 0000000000000000
uid_map          0          0 4294967295
gid_map          0          0 4294967295
user 0 root
user 101 nginx
"""
PARTS = f"""\
path {PAGE}
part 1000 1000 1000 1000 600 regular file|?|{PAGE}
part 0 0 0 0 755 directory|?|/usr/share/nginx/html
part 0 0 0 0 755 directory|?|/
"""
#: Podman without root, by user 1000: root of the container is that user.
ROOTLESS = """\
container
uid 1000
gids 1000
caps 00000000800405fb
uid_map          0       1000          1
uid_map          1     100000      65536
gid_map          0       1000          1
gid_map          1     100000      65536
user 0 root
user 101 nginx
"""


def parsed(text: str) -> Access:
    (access,) = parse_access(text)
    return access


def test_users_have_the_names_of_the_container_and_groups_the_servers_numbers() -> None:
    access = parsed(HEAD + PARTS)
    assert (access.user, access.uid, access.group) == ("nginx", 101, "101")
    assert [part.mode_and_owner for part in access.denied_parts] == ["0600 1000:1000"]
    assert access.parts[0].user == "root"
    assert access.equivalent.startswith("ls -ld / ")


def test_root_of_a_user_namespace_reads_what_is_of_its_users() -> None:
    assert not parsed(ROOTLESS + PARTS).denied_parts
    # The server's root is nobody there.
    closed = parsed(ROOTLESS + PARTS.replace("part 1000 1000 1000 1000", "part 0 0 0 0"))
    assert [part.path for part in closed.denied_parts] == [PAGE]
    # One of the mapped users is known by its name in the container.
    assert (
        parsed(ROOTLESS + PARTS.replace("1000 1000 1000", "100100 1000 1000"))
        .parts[-1]
        .mode_and_owner.endswith("nginx:1000")
    )


def test_root_of_the_servers_own_namespace_reads_everything() -> None:
    text = HEAD.replace("uid 101\n", "uid 0\n").replace("0000000000000000", "00000000a80425fb")
    assert parsed(text + PARTS).uid is None


def test_a_second_name_denies_nothing() -> None:
    """The modes are those of the file that the link leads to, which is listed by itself."""
    own = "part 0 0 0 0 700 directory|?|/srv\n"
    assert parsed(HEAD + PARTS + own).denied_parts[0].path == "/srv"
    linked = parsed(HEAD + PARTS + f"link /srv\n{own}")
    assert [part.path for part in linked.denied_parts] == [PAGE]


def test_hostile_names_and_maps_end_nothing() -> None:
    text = HEAD + "uid_map 99999999999999 1 1\nuser 7 \x1b[2J\nuser x y\ngid_map\n" + PARTS
    assert "\x1b" not in parsed(text).user
    assert parsed("container\n" + PARTS).uid is None
