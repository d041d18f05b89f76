"""A real sshd on a loopback port, with keys and a configuration of its own, needs root: the
system's sshd separates privileges. What the server must not have afterwards is looked for."""

import asyncio
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from diagnose.machine import CommandResult, remote_shell
from diagnose.machine.remote_shell import login_failure
from diagnose.machine.ssh import SshMachine, destination, shell_patterns

SSHD = shutil.which("sshd", path="/usr/sbin:/sbin:/usr/bin")
needs_sshd = pytest.mark.skipif(
    os.geteuid() != 0 or SSHD is None or shutil.which("ssh") is None,
    reason="SSH IS NOT TESTED: that needs root, sshd and ssh",
)


@dataclass(frozen=True, slots=True)
class Server:
    url: str
    options: tuple[str, ...]
    pid: int

    def machine(self, *more: str) -> SshMachine:
        return SshMachine(self.url, (*self.options, *more))


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with tempfile.TemporaryDirectory(prefix="sshd-") as name:
        place = Path(name)
        for key in ("host", "user"):
            words = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(place / key)]
            subprocess.run(words, check=True)
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        public = (place / "host.pub").read_text()
        (place / "known").write_text(f"[127.0.0.1]:{port},[127.0.0.2]:{port} {public}")
        (place / "config").write_text(
            f"Port {port}\nListenAddress 127.0.0.1\nListenAddress 127.0.0.2\n"
            f"HostKey {place}/host\nPidFile none\n"
            f"AuthorizedKeysFile {place}/user.pub\nStrictModes no\nUsePAM no\n"
            "PermitRootLogin prohibit-password\nPasswordAuthentication no\n"
            # There the shell does not answer.
            "Match LocalAddress 127.0.0.2\nForceCommand exec sleep 60\n"
        )
        Path("/run/sshd").mkdir(exist_ok=True)
        assert SSHD is not None
        process = subprocess.Popen(
            [SSHD, "-D", "-e", "-f", str(place / "config")], stderr=subprocess.PIPE, text=True
        )
        assert process.stderr is not None
        # "Server listening on …"
        assert "listening" in process.stderr.readline()
        options = (
            f"UserKnownHostsFile={place}/known",
            f"IdentityFile={place}/user",
            "IdentitiesOnly=yes",
        )
        yield Server(f"ssh://root@127.0.0.1:{port}", options, process.pid)
        process.terminate()
        process.communicate()


def sessions(server: Server) -> list[str]:
    """The processes that sshd has besides itself."""
    children = Path(f"/proc/{server.pid}/task/{server.pid}/children")
    return children.read_text().split()


def all_gone(server: Server) -> bool:
    """sshd needs a moment to see that its client has gone."""
    deadline = time.monotonic() + 60
    while sessions(server) and time.monotonic() < deadline:
        os.sched_yield()
    return not sessions(server)


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where temporary files are made: by nobody else, and of a short name."""
    with tempfile.TemporaryDirectory(prefix="d-") as name:
        monkeypatch.setattr(tempfile, "tempdir", name)
        yield Path(name)


@needs_sshd
def test_programs_files_patterns_and_sockets_over_one_login(
    server: Server, tmp_path: Path, place: Path
) -> None:
    odd = tmp_path / "it's $HOME; [odd]"
    odd.mkdir()
    for name in ("b.conf", "a.conf"):
        (odd / name).write_text(f"listen 443;\n{name}")
    (odd / "deep").mkdir()
    (odd / "deep" / "c.conf").touch()
    os.utime(odd / "a.conf", (5, 7))

    async def ask() -> None:
        async with server.machine() as machine:
            ran = await machine.run(
                "sh", "-c", 'echo "$LC_ALL|$1"; echo e >&2; exit 3', "", "$x 'y"
            )
            assert (ran.out, ran.err, ran.status) == ("C|$x 'y\n", "e\n", 3)
            assert ran.failure is not None
            assert ran.failure.message == "e"
            assert (await machine.run("cat")).out == ""
            missing = (await machine.run("no-such-program-here")).failure
            assert missing is not None
            assert missing.kind == "missing"

            paths = [str(odd / name) for name in ("a.conf", "none", "b.conf", "deep")]
            a, none, b, deep = await asyncio.gather(*map(machine.read, paths))
            assert (a.text, a.changed) == ("listen 443;\na.conf", 7)
            assert none.failure is not None
            assert none.failure.kind == "missing"
            assert b.text == "listen 443;\nb.conf"
            assert deep.failure is not None
            assert (await machine.read(paths[0], limit=6)).text == "listen"

            quoted = str(odd).replace("[", "[[]")
            assert await machine.glob(f"{quoted}/*.conf") == (paths[0], paths[2])
            assert f"{odd}/deep/c.conf" in await machine.glob(f"{quoted}/**/*.conf")

            both = await machine.read_all(f"{quoted}/*.conf")
            assert [(one.path, one.text[-6:]) for one in both] == [
                (paths[0], "a.conf"),
                (paths[2], "b.conf"),
            ]
            assert await machine.read_all(f"{quoted}/*.none") == ()

            found = await machine.listeners()
            assert isinstance(found, tuple)
            port = int(server.url.rpartition(":")[2])
            (seen,) = [one for one in found if (one.address, one.port) == ("127.0.0.1", port)]
            assert (seen.address, seen.pid) == ("127.0.0.1", server.pid)

            many = await asyncio.gather(*(machine.run("echo", str(n)) for n in range(20)))
            assert [int(ran.out) for ran in many] == list(range(20))
            assert len(sessions(server)) == 1

    asyncio.run(ask())
    assert not list(place.iterdir())
    assert all_gone(server)


@needs_sshd
def test_a_program_reads_what_its_arguments_do_not_show(server: Server, place: Path) -> None:
    async def ask() -> None:
        async with server.machine() as machine:
            script = "cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' ' ' >&2; cat"
            result = await machine.run_with_input("it's\n$HOME 7c1f", "sh", "-c", script)
            assert result.out == "it's\n$HOME 7c1f"
            assert "cat /proc" in result.err
            assert "7c1f" not in result.err
            assert (await machine.run_with_input("x", "sh", "-c", "exit 3")).status == 3

    asyncio.run(ask())


@needs_sshd
def test_a_link_says_where_it_leads(server: Server, tmp_path: Path) -> None:
    file, link = tmp_path / "it's a site", tmp_path / "link"
    file.write_text("server")
    link.symlink_to(file.name)

    async def ask() -> None:
        async with server.machine() as machine:
            plain, linked = await machine.read_all(f"{tmp_path}/*")
            assert (plain.real, plain.text) == ("", "server")
            assert (linked.real, linked.text) == (str(file.resolve()), "server")

    asyncio.run(ask())


@needs_sshd
def test_a_large_file_arrives_whole_and_bounded(server: Server, tmp_path: Path) -> None:
    file = tmp_path / "large"
    file.write_text("".join(f"{number}\n" for number in range(200_000)))

    async def ask() -> None:
        async with server.machine() as machine:
            assert (await machine.read(str(file))).text == file.read_text()
            assert len((await machine.read(str(file), limit=100_000)).text) == 100_000

    asyncio.run(ask())


@needs_sshd
def test_what_does_not_end_is_given_up_and_the_rest_goes_on(server: Server) -> None:
    async def ask() -> None:
        async with server.machine() as machine:
            slow, quick = await asyncio.gather(
                machine.run("sleep", "60", timeout=0.3), machine.run("echo", "quick")
            )
            assert slow.failure is not None
            assert slow.failure.kind == "timeout"
            assert quick.out == "quick\n"
            assert (await machine.run("echo", "after")).out == "after\n"

    asyncio.run(ask())
    assert all_gone(server)


@needs_sshd
def test_what_waited_behind_it_is_asked_again(server: Server) -> None:
    """More than there are shells, so that some wait in line."""

    async def ask() -> None:
        async with server.machine() as machine:
            stuck = [machine.run("sh", "-c", "trap '' TERM; sleep 60", timeout=0.2)]
            quick = [machine.run("echo", str(number)) for number in range(12)]
            first, *others = await asyncio.gather(*stuck, *quick)
            assert first.failure is not None
            assert [ran.out for ran in others] == [f"{number}\n" for number in range(12)]

    asyncio.run(ask())
    assert all_gone(server)


@needs_sshd
def test_a_connection_is_made_on_the_server_or_not(server: Server) -> None:
    port = int(server.url.rpartition(":")[2])

    async def ask() -> None:
        async with server.machine() as machine:
            done = await machine.connect("127.0.0.1", port)
            assert done.stream is not None
            assert (await done.stream.read()).startswith(b"SSH-2.0")
            done.stream.close()
            with socket.create_server(("127.0.0.1", 0)) as one:
                free = one.getsockname()[1]
            refused = await machine.connect("127.0.0.1", free)
            assert refused.failure is not None

    asyncio.run(ask())
    assert all_gone(server)


@needs_sshd
def test_a_login_that_is_refused_is_the_failure_of_everything(server: Server, place: Path) -> None:

    async def ask() -> None:
        async with server.machine("PubkeyAuthentication=no") as machine:
            ran = await machine.run("true")
            assert ran.failure is not None
            assert ran.failure.kind == "denied"
            assert "Permission denied" in ran.failure.message
            assert (await machine.read("/etc/hosts")).failure == ran.failure
            assert await machine.listeners() == ran.failure
            assert await machine.glob("/etc/*") == ()

    asyncio.run(ask())
    assert not list(place.iterdir())


@needs_sshd
def test_an_unknown_host_key_is_not_accepted(server: Server) -> None:
    async def ask() -> None:
        machine = SshMachine(server.url, ("UserKnownHostsFile=/dev/null", *server.options[1:]))
        async with machine:
            ran = await machine.run("true")
            assert ran.failure is not None
            assert "Host key verification failed" in ran.failure.message

    asyncio.run(ask())


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("ssh://example.com", ["--", "example.com"]),
        ("ssh://root@example.com:2222/", ["-l", "root", "-p", "2222", "--", "example.com"]),
        ("ssh://[2001:db8::1]", ["--", "2001:db8::1"]),
    ],
)
def test_an_url_becomes_words_of_ssh(url: str, words: list[str]) -> None:
    assert destination(url) == words


@pytest.mark.parametrize(
    "url",
    [
        "example.com",
        "http://example.com",
        "ssh://",
        "ssh://-oProxyCommand=x",
        "ssh://-lx@example.com",
        "ssh://root:secret@example.com",
        "ssh://example.com/path",
        "ssh://example.com:99999",
    ],
)
def test_what_is_no_such_url_is_refused(url: str) -> None:
    with pytest.raises(ValueError):
        destination(url)


def test_a_pattern_keeps_its_wildcards_and_nothing_else() -> None:
    assert shell_patterns("/a b/$(id)/*.conf") == r"/a\ b/\$\(id\)/*.conf"
    assert shell_patterns("/etc/**/x").split()[:2] == ["/etc/x", "/etc/*/x"]
    assert shell_patterns("/etc/\nrm") == ""


def test_ssh_says_itself_why_it_failed() -> None:
    said = "Banner\nssh: connect to host h port 22: Connection refused\n"
    failure = login_failure(said)
    assert failure.kind == "refused"
    assert failure.message == "ssh: connect to host h port 22: Connection refused"


@needs_sshd
def test_a_shell_that_does_not_answer_is_not_a_failed_login(
    server: Server, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remote_shell, "READY_TIMEOUT", 4.0)

    async def ask() -> CommandResult:
        url = server.url.replace("127.0.0.1", "127.0.0.2")
        async with SshMachine(url, server.options) as machine:
            return await machine.run("true")

    failure = asyncio.run(ask()).failure
    assert failure is not None
    assert failure.kind == "timeout"
    assert "logged in, but" in failure.message
    assert not list(place.iterdir())
