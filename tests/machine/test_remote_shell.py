"""Logins that fail, with a program in ssh's place."""

import asyncio
from pathlib import Path

import pytest

from diagnose.machine import remote_shell
from diagnose.machine.remote_shell import ConnectionLost, Shell


async def no_shell(control_path: Path) -> str:
    with pytest.raises(ConnectionLost) as lost:
        await Shell.open(["sh", "-c", "exec cat"], str(control_path))
    return lost.value.failure.message


@pytest.mark.parametrize(
    ("authenticated", "message"),
    [(True, "ssh: logged in, but the user's shell does not answer"), (False, "ssh: no login")],
)
def test_a_shell_that_hangs_is_told_from_a_login_that_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, authenticated: bool, message: str
) -> None:
    monkeypatch.setattr(remote_shell, "READY_TIMEOUT", 0.05)
    if authenticated:
        (tmp_path / "c").touch()
    assert asyncio.run(no_shell(tmp_path / "c")).startswith(message)


def test_a_machine_without_ssh_says_so_and_no_file_of_the_server_is_missing(tmp_path: Path) -> None:
    with pytest.raises(ConnectionLost) as lost:
        asyncio.run(Shell.open([str(tmp_path / "ssh")], str(tmp_path / "control")))
    assert (lost.value.failure.kind, lost.value.failure.message) == (
        "other",
        "ssh is not installed here",
    )
