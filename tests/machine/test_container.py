"""Files, names and the network of a container, which may be hostile: namespaces and a root of
their own, as an engine makes them. Only root can make and enter them."""

import asyncio
import os
import shutil
import subprocess
from collections.abc import Coroutine, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest

from diagnose.machine.container import ContainerMachine, entering_words
from diagnose.machine.local import LocalMachine
from diagnose.model.files import Access
from diagnose.probes.inside.file_access import is_file, read_access
from diagnose.probes.inside.script_containers import SCRIPT

pytestmark = pytest.mark.skipif(
    os.geteuid() != 0 or not shutil.which("unshare"), reason="only root makes namespaces"
)

T = TypeVar("T")
#: $1 is the folder that becomes the root. The secret stands on the server only.
BUILD = r"""
set -e
mount --make-rprivate /
mount -t tmpfs root "$1"
cd "$1"
mkdir -p usr etc/nginx/conf.d etc/nginx/sites var/log/nginx proc dev tmp/old
mount --bind /usr usr
ln -s usr/bin bin; ln -s usr/lib lib; [ ! -e /usr/lib64 ] || ln -s usr/lib64 lib64
echo "user www;" >etc/nginx/nginx.conf
echo "a" >etc/nginx/conf.d/a.conf; echo "b" >"etc/nginx/conf.d/b c.conf"
ln -s /etc/nginx/conf.d/a.conf etc/nginx/sites/absolute
ln -s ../conf.d/a.conf etc/nginx/sites/relative
ln -s "$2" etc/nginx/sites/secret
ln -s ../../../../../../../../../../../../../../../../../../"$2" etc/nginx/sites/climbing
ln -s loop etc/nginx/sites/loop
ln -s / etc/nginx/everything
ln -s /dev/stderr var/log/nginx/error.log
mkfifo etc/nginx/fifo
echo "127.0.0.1 localhost inner.example" >etc/hosts
echo "nameserver 127.0.0.11" >etc/resolv.conf
mount -t proc proc proc
pivot_root . tmp/old; umount -l /tmp/old
/usr/bin/ip link set lo up
echo ready
exec /usr/bin/sleep 1000
"""


@pytest.fixture(scope="module")
def secret(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("server") / "secret"
    path.write_text("of the server\n")
    return path


@pytest.fixture(scope="module")
def pid(tmp_path_factory: pytest.TempPathFactory, secret: Path) -> Iterator[int]:
    root = tmp_path_factory.mktemp("root")
    unshare = ["unshare", "--mount", "--pid", "--net", "--fork", "--kill-child"]
    process = subprocess.Popen(
        [*unshare, "sh", "-c", BUILD, "sh", str(root), str(secret)], stdout=subprocess.PIPE
    )
    assert process.stdout
    assert process.stdout.readline() == b"ready\n"
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    yield int(children.read_text().split()[0])
    process.kill()
    process.wait()
    process.stdout.close()


def access_to(pid: int, *paths: str) -> dict[str, Access]:
    found = run_to_end(read_access(machine(pid), "", str(pid), paths))
    return {access.path: access for access in found}


def test_who_may_read_a_file_is_seen_in_the_container(pid: int) -> None:
    paths = ("/etc/nginx/conf.d/b c.conf", "/etc/nginx/sites/absolute")
    plain, linked = (access_to(pid, *paths)[path] for path in paths)
    assert [part.path for part in plain.parts][-3:] == ["/etc/nginx", "/etc/nginx/conf.d", paths[0]]
    # A link is told by what it leads to; the folders of both ways are there.
    assert linked.parts[-1].path == "/etc/nginx/conf.d/a.conf"
    assert "/etc/nginx/sites" in {part.path for part in linked.parts}
    assert [is_file(access) for access in (plain, linked)] == [True, True]


@pytest.mark.parametrize("name", ["secret", "climbing", "loop", "none"])
def test_no_file_of_the_server_is_told_for_one_of_the_container(pid: int, name: str) -> None:
    path = f"/etc/nginx/sites/{name}"
    assert not any(is_file(access) for access in access_to(pid, path).values())


@pytest.mark.parametrize(
    ("name", "state"), [("absolute", "there"), ("secret", "missing"), ("none", "missing")]
)
def test_a_script_is_looked_for_in_the_root_of_phps_container(
    pid: int, name: str, state: str
) -> None:
    result = run_to_end(machine(pid).run_on_paths(SCRIPT, str(pid), "/etc/nginx", f"/sites/{name}"))
    assert result.out.partition("@@@ path\n")[2].partition("\n\n@@@ below\n")[0].strip() == state


def run_to_end(work: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(work)


def machine(pid: int) -> ContainerMachine:
    return ContainerMachine(LocalMachine(), pid)


def test_a_file_is_read_with_its_time(pid: int) -> None:
    content = run_to_end(machine(pid).read("/etc/nginx/nginx.conf"))
    assert (content.text, content.failure, content.real) == ("user www;\n", None, "")
    assert content.changed
    assert run_to_end(machine(pid).read("/etc/nginx/nginx.conf", 4)).text == "user"


@pytest.mark.parametrize("name", ["absolute", "relative"])
def test_a_link_is_followed_inside(pid: int, name: str) -> None:
    content = run_to_end(machine(pid).read(f"/etc/nginx/sites/{name}"))
    assert (content.text, content.real) == ("a\n", "/etc/nginx/conf.d/a.conf")


@pytest.mark.parametrize("name", ["secret", "climbing"])
def test_a_link_does_not_lead_to_a_file_of_the_server(pid: int, secret: Path, name: str) -> None:
    """The test would fail with the kernel's own way to resolve such a link."""
    naive = Path(f"/proc/{pid}/root/etc/nginx/sites/secret")
    assert naive.read_text() == "of the server\n"
    content = run_to_end(machine(pid).read(f"/etc/nginx/sites/{name}"))
    assert (content.text, content.failure and content.failure.kind) == ("", "missing")
    through = run_to_end(machine(pid).read(f"/etc/nginx/everything/{secret}"))
    assert through.failure


def test_a_mount_of_another_is_refused(pid: int, secret: Path) -> None:
    """What a container could exchange between the look at a path and its opening: the file that was
    opened is of none of its mounts."""
    script = 'pid=$1; . "$3"; exec 3<"$2"; own_file && echo inside || echo outside'
    paths = Path("diagnose/machine/shell/container_paths.sh").resolve()
    for path, answer in ((f"/proc/{pid}/root/etc/hosts", "inside"), (str(secret), "outside")):
        words = ["sh", "-c", script, "sh", str(pid), path, str(paths)]
        out = subprocess.run(words, capture_output=True, text=True, check=True).stdout
        assert out.strip() == answer


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/etc/nginx/none", "missing"),
        ("/etc/nginx/sites/loop", "missing"),
        ("/etc/nginx/fifo", "other"),
        ("/etc/nginx", "other"),
        ("/var/log/nginx/error.log", "other"),
        ("/proc/1/environ", "other"),
        ("/etc/nginx/conf.d/*.conf", "missing"),
    ],
)
def test_what_is_no_file_is_a_failure(pid: int, path: str, kind: str) -> None:
    content = run_to_end(machine(pid).read(path))
    assert content.failure
    assert content.failure.kind == kind


def test_a_pattern_is_matched_inside(pid: int) -> None:
    contents = run_to_end(machine(pid).read_all("/etc/nginx/conf.d/*.conf"))
    assert [(content.path, content.text) for content in contents] == [
        ("/etc/nginx/conf.d/a.conf", "a\n"),
        ("/etc/nginx/conf.d/b c.conf", "b\n"),
    ]
    assert run_to_end(machine(pid).glob("/etc/nginx/n*.conf")) == ("/etc/nginx/nginx.conf",)
    assert run_to_end(machine(pid).read_all("/none/*.conf")) == ()
    sites = {
        content.path: content.text
        for content in run_to_end(machine(pid).read_all("/etc/nginx/sites/*"))
    }
    assert sites == {"/etc/nginx/sites/absolute": "a\n", "/etc/nginx/sites/relative": "a\n"}


def test_a_command_has_the_network_and_the_names_of_the_container(pid: int) -> None:
    inner = machine(pid)
    links = run_to_end(inner.run("ip", "-o", "link")).out
    assert links.count("\n") == 1
    names = run_to_end(inner.run("getent", "hosts", "inner.example")).out
    assert names.split() == ["127.0.0.1", "localhost", "inner.example"]
    assert "127.0.0.11" in run_to_end(inner.run("cat", "/etc/resolv.conf")).out
    # The server has its own files still.
    assert "inner.example" not in Path("/etc/hosts").read_text()
    assert run_to_end(inner.run("sh", "-c", "exit 3")).status == 3


def test_a_program_of_the_server_reads_a_file_of_the_container(pid: int) -> None:
    inner = machine(pid)
    assert run_to_end(inner.run_on_file("/etc/nginx/sites/absolute", "cat")).out == "a\n"
    refused = run_to_end(inner.run_on_file("/etc/nginx/sites/secret", "cat"))
    assert (refused.out, refused.status) == ("", 66)


def test_logs_are_read_as_outside(pid: int) -> None:
    """Without an engine nothing is known of what goes to the output."""
    out = run_to_end(machine(pid).read_logs("/etc/nginx/sites/absolute", "/none", "stderr")).out
    first, *rest = out.splitlines()
    assert first.startswith("now ")
    assert rest == ["log 2", " a", "", "missing", "special"]


def test_the_words_before_a_command() -> None:
    assert entering_words(7, "podman", "web") == ("podman", "exec", "web")
    assert entering_words(7, "", "") == ("nsenter", "-t", "7", "-a")
