"""This machine, really: programs, files, sockets."""

import asyncio
import os
import select
import socket
import sys
from pathlib import Path

import pytest

from diagnose.machine import LIMIT, Socket, local
from diagnose.machine.local import LocalMachine

HERE = LocalMachine()


def test_a_program_is_run_in_no_language_and_with_the_administrators_path() -> None:
    ran = asyncio.run(HERE.run("sh", "-c", 'echo "$LC_ALL $PATH"; echo oops >&2; exit 3'))
    assert ran.out.startswith("C ")
    assert {"/usr/sbin", "/usr/bin"} <= set(ran.out.strip().removeprefix("C ").split(":"))
    assert ran.status == 3
    assert ran.failure is not None
    assert (ran.failure.kind, ran.failure.message) == ("exit", "oops")


def test_arguments_are_no_shell_words() -> None:
    assert asyncio.run(HERE.run("printf", "%s", "$HOME; id")).out == "$HOME; id"


def test_it_has_no_standard_input() -> None:
    assert asyncio.run(HERE.run("cat")).out == ""


def test_a_missing_program_is_a_failure() -> None:
    ran = asyncio.run(HERE.run("no-such-program-here"))
    assert ran.failure is not None
    assert ran.failure.kind == "missing"


def ends(pid: int) -> bool:
    """Whether a process has ended, or does within 10 s: a killed one ends when it is scheduled."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([descriptor], [], [], 10)[0])
    finally:
        os.close(descriptor)


def test_what_does_not_end_is_killed_with_all_that_it_started() -> None:
    # The shell's child holds the pipe: killing the shell alone would leave us waiting.
    # On a busy machine the shell may not have begun when its time is up: it is given more.
    for patience in (0.1, 1, 5, 20):
        ran = asyncio.run(HERE.run("sh", "-c", "sleep 3600 & echo $!; wait", timeout=patience))
        assert ran.failure is not None
        assert ran.failure.kind == "timeout"
        if ran.out:
            break
    assert ends(int(ran.out))


def test_output_is_bounded() -> None:
    size = LIMIT + 100_000
    ran = asyncio.run(HERE.run(sys.executable, "-c", f"print('x' * {size})"))
    assert ran.failure is None
    assert len(ran.out) == LIMIT


def test_a_file_is_read_with_its_time_of_change(tmp_path: Path) -> None:
    file = tmp_path / "a.conf"
    file.write_bytes(b"caf\xc3\xa9 \xff")
    os.utime(file, (5, 7))
    text = asyncio.run(HERE.read(str(file)))
    assert (text.text, text.changed, text.failure) == ("café \N{REPLACEMENT CHARACTER}", 7, None)
    assert asyncio.run(HERE.read(str(file), limit=3)).text == "caf"


def test_a_link_says_where_it_leads(tmp_path: Path) -> None:
    (tmp_path / "site").write_text("server")
    link = tmp_path / "link"
    link.symlink_to("site")
    assert asyncio.run(HERE.read(str(link))).real == str((tmp_path / "site").resolve())
    assert asyncio.run(HERE.read(str(tmp_path / "site"))).real == ""


def test_what_is_no_file_is_a_failure_and_nobody_waits_for_it(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    kinds = []
    for name in ("none", "fifo", "."):
        text = asyncio.run(HERE.read(str(tmp_path / name)))
        assert text.failure is not None
        kinds.append(text.failure.kind)
    assert kinds == ["missing", "other", "other"]


def test_a_pattern_finds_paths_in_order(tmp_path: Path) -> None:
    for name in ("b.conf", "a.conf", "c.txt"):
        (tmp_path / name).touch()
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "d.conf").touch()
    found = asyncio.run(HERE.glob(f"{tmp_path}/*.conf"))
    assert found == (f"{tmp_path}/a.conf", f"{tmp_path}/b.conf")
    assert f"{tmp_path}/deep/d.conf" in asyncio.run(HERE.glob(f"{tmp_path}/**/*.conf"))


@pytest.mark.parametrize("tool", ["ss", "psutil"])
def test_a_listening_socket_is_seen(tool: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if tool == "psutil":
        monkeypatch.setattr(local, "environment", lambda: {"PATH": "/nowhere"})
    with socket.create_server(("127.0.0.1", 0)) as server:
        found = asyncio.run(HERE.listeners())
        port = server.getsockname()[1]
    assert isinstance(found, tuple)
    (seen,) = [one for one in found if one.port == port]
    assert (seen.address, seen.family, seen.pid) == ("127.0.0.1", 4, os.getpid())
    assert isinstance(seen, Socket)


def test_what_it_reads_is_in_no_list_of_processes() -> None:
    script = "tr '\\0' ' ' </proc/$$/cmdline; cat"
    result = asyncio.run(HERE.run_with_input("secret\nword", "sh", "-c", script))
    assert result.out.endswith("secret\nword")
    assert result.out.count("secret") == 1
    assert asyncio.run(HERE.run_with_input("x" * 300_000, "true")).failure is None
