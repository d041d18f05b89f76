"""A tunnel of `ssh -W`, played by a script: one that answers, one that refuses, one that is not
there. A real sshd is asked in test_ssh.py."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from diagnose.machine.remote_shell import ConnectionLost
from diagnose.machine.tunnel import Tunnel
from diagnose.model import Failure

Work = Callable[[Tunnel], Awaitable[None]]


def through(folder: Path, script: str, work: Work, address: str = "127.0.0.1") -> None:
    """Do the work through a tunnel of this script."""
    ssh = folder / "ssh"
    ssh.write_text(f"#!/bin/sh\n{script}\n")
    ssh.chmod(0o755)

    async def go() -> None:
        async with asyncio.timeout(10):
            tunnel = await Tunnel.open([str(ssh), "-T", "--", "web"], address, 443)
            try:
                await work(tunnel)
            finally:
                tunnel.close()
            await ended(tunnel)

    asyncio.run(go())


async def ended(tunnel: Tunnel) -> Failure:
    await tunnel._process.wait()
    failure = await tunnel.refusal()
    assert failure is not None
    return failure


@pytest.mark.parametrize(
    ("address", "endpoint"), [("192.0.2.1", "192.0.2.1:443"), ("2001:db8::1", "[2001:db8::1]:443")]
)
def test_ssh_is_told_the_endpoint_before_the_rest(
    tmp_path: Path, address: str, endpoint: str
) -> None:
    async def work(tunnel: Tunnel) -> None:
        assert await tunnel.read() == f"-W {endpoint} -T -- web\n".encode()
        assert tunnel.peer == (address, 443)

    through(tmp_path, 'echo "$@"; exec cat', work, address)


def test_bytes_go_both_ways_while_ssh_runs(tmp_path: Path) -> None:
    async def work(tunnel: Tunnel) -> None:
        await tunnel.write(b"\0\xffhello")
        assert await tunnel.read() == b"\0\xffhello"
        assert await tunnel.refusal() is None

    through(tmp_path, "exec cat", work)


def test_a_refusal_is_the_last_thing_that_ssh_says(tmp_path: Path) -> None:
    async def work(tunnel: Tunnel) -> None:
        assert await tunnel.read() == b""
        words = "stdio forwarding failed"
        assert await ended(tunnel) == Failure("other", words, 255)

    said = "Warning: added to known hosts.\\r\\nstdio forwarding failed\\r\\n"
    through(tmp_path, f"printf '{said}' >&2; exit 255", work)


def test_an_end_without_a_word_is_a_closed_tunnel(tmp_path: Path) -> None:
    async def work(tunnel: Tunnel) -> None:
        assert await tunnel.read() == b""
        assert (await ended(tunnel)).message == "connection closed"

    through(tmp_path, "exit 0", work)


def test_ssh_ends_with_its_tunnel_even_if_it_does_not_read(tmp_path: Path) -> None:
    async def work(tunnel: Tunnel) -> None:
        pid = int(await tunnel.read())
        tunnel.close()
        tunnel.close()
        await ended(tunnel)
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)

    through(tmp_path, "echo $$; exec sleep 600", work)


def test_ssh_gets_no_variable_that_changes_what_it_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LD_PRELOAD", "")
    monkeypatch.setenv("SSH_ASKPASS", "/tmp/x")
    monkeypatch.setenv("SSH_AUTH_SOCK", "/run/agent")

    async def work(tunnel: Tunnel) -> None:
        assert await tunnel.read() == b"C||/run/agent\n"

    through(tmp_path, 'echo "$LC_ALL|$SSH_ASKPASS|$SSH_AUTH_SOCK"; exec cat', work)


def test_without_ssh_the_connection_is_lost(tmp_path: Path) -> None:
    with pytest.raises(ConnectionLost) as lost:
        asyncio.run(Tunnel.open([str(tmp_path / "ssh"), "--", "web"], "192.0.2.1", 443))
    assert lost.value.failure.kind == "missing"
