"""Docker does not run here: what it says is written by hand, in the form of `docker inspect`."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnose.model.containers import DeniedFolder, MisplacedFile
from diagnose.parsers.linux.refused_mounts import denied_folder, misplaced_files

NODE = "Error: EACCES: permission denied, open '/home/node/.n8n/config'\n"
POINT = "/home/node/.n8n"
SOURCE = "/srv/n8n/data"
PASSWD = "passwd root:x:0:0:root:/root:/bin/sh\npasswd node:x:1000:1001::/home/node:/bin/sh\n"


def user_text(
    user: str = "node",
    owner: str = "0 0 755",
    point: str = POINT,
    mode: str = "",
    home: str = "/var/lib/docker/containers/ab/resolv.conf",
) -> str:
    mounts = f"owner 0 0 755 \t/srv/n8n/other\t/other\nowner {owner} \t{SOURCE}\t{point}\n"
    return f"user {user}\nmode {mode}\nhome {home}\n{mounts}{PASSWD}"


@pytest.mark.parametrize(
    ("user", "number"),
    [("node", "1000:1001"), ("1000", "1000:1001"), ("1000:0", "1000:0"), ("472", "472")],
)
def test_the_user_of_the_image_is_known_by_its_numbers(user: str, number: str) -> None:
    known = denied_folder(NODE, user_text(user))
    assert known == DeniedFolder(f"{POINT}/config", POINT, SOURCE, number)


@pytest.mark.parametrize(
    ("output", "path"),
    [
        ("mkdir: can't create directory '/var/lib/grafana/plugins': Permission denied",
         "/var/lib/grafana/plugins"),
        ("GF_PATHS_DATA='/var/lib/grafana' is not writable.", "/var/lib/grafana"),
        ('level=ERROR msg="Error opening query log file" file=/var/lib/grafana/queries.active '
         'err="open /var/lib/grafana/queries.active: permission denied"\npanic: Unable to create',
         "/var/lib/grafana/queries.active"),
        ("System.UnauthorizedAccessException: Access to the path '/var/lib/grafana/log' is denied.",
         "/var/lib/grafana/log"),
        ("java.nio.file.AccessDeniedException: /var/lib/grafana/nodes", "/var/lib/grafana/nodes"),
        ("PermissionError: [Errno 13] Permission denied: '/var/lib/grafana/sessions'",
         "/var/lib/grafana/sessions"),
    ],
)  # fmt: skip
def test_the_path_is_read_from_the_words_of_many_programs(output: str, path: str) -> None:
    known = denied_folder(output, user_text("472", point="/var/lib/grafana"))
    assert known is not None
    assert (known.path, known.source) == (path, SOURCE)


@pytest.mark.parametrize(
    ("output", "text"),
    [
        (NODE, user_text("")),
        (NODE, user_text("root")),
        (NODE, user_text("0:0")),
        (NODE, user_text("nobody-knows")),
        (NODE, user_text(owner="1000 1000 755")),
        (NODE, user_text(owner="33 33 755")),
        (NODE, user_text(owner="0 0 777")),
        (NODE, user_text("1000:50", owner="0 50 775")),
        (NODE, user_text(mode="private")),
        (NODE, user_text(home="/var/lib/docker/100000.100000/containers/ab/resolv.conf")),
        (NODE, user_text(home="/run/user/1000/containers/ab/resolv.conf")),
        (NODE.replace(POINT, "/home/node"), user_text()),
        (f'exec {POINT}/start.sh: permission denied', user_text()),
        (f'cannot load certificate key "{POINT}/a.key": Permission denied', user_text()),
        (f"{POINT}/config: no such file", user_text()),
    ],
)  # fmt: skip
def test_nothing_is_given_away_for_another_reason(output: str, text: str) -> None:
    assert denied_folder(output, text) is None


def test_a_file_is_meant_only_if_it_is_the_only_one_of_its_name() -> None:
    folder, file = "/srv/site/ngnix/shop.conf", "/srv/site/nginx/shop.conf"
    assert misplaced_files(f"{folder}\t{file}\n") == (MisplacedFile(folder, file),)
    assert misplaced_files(f"{folder}\t{file}\n{folder}\t/srv/site/old/shop.conf\n") == ()
    assert misplaced_files("find: error\n") == ()


@given(st.text(max_size=200), st.text(max_size=200))
def test_any_text(output: str, text: str) -> None:
    denied_folder(output, text)
    denied_folder(NODE, f"{user_text()}{text}\nowner {text}")
    misplaced_files(text)
