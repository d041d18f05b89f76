"""In which SSH session a process runs."""

import os
import subprocess

import pytest

from diagnose.processes.ssh_session import ssh_connection


def test_the_session_is_known_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSH_CONNECTION", "a 1 b 22")
    assert ssh_connection() == "a 1 b 22"


def test_behind_sudo_it_is_known_from_a_parent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SSH_CONNECTION", raising=False)
    with subprocess.Popen(
        ["sh", "-c", "echo ready; cat"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={"SSH_CONNECTION": "a 1 b 22"},
    ) as parent:
        # Until it says so, its environment may not be there yet: execve(2) is not over.
        assert parent.stdout
        assert parent.stdout.readline() == b"ready\n"
        monkeypatch.setattr(os, "getppid", lambda: parent.pid)
        assert ssh_connection() == "a 1 b 22"
        parent.communicate()
