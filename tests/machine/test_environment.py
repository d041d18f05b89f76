"""Which variables and folders the programs of a run get, here and over there."""

import os
import subprocess
from pathlib import Path

import pytest

from diagnose.machine.environment import environment, trusted_path
from diagnose.machine.remote_shell import _SHELL_START

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root: a folder of another user")
STRANGER = 12345


def remote_path(path: str, **variables: str) -> str:
    """The PATH that a shell behind ssh gets."""
    result = subprocess.run(
        ["/bin/sh", "-c", _SHELL_START],
        input='echo "$PATH"; env\n',
        capture_output=True,
        text=True,
        env={"PATH": path, **variables},
        check=True,
    )
    assert result.stdout.startswith("ready")
    return result.stdout


def entries(path: str, where: str) -> list[str]:
    """The folders that are left of a PATH: here, or over there."""
    text = trusted_path(path) if where == "local" else remote_path(path).splitlines()[1]
    return text.split(":")


@pytest.mark.parametrize("where", ["local", "remote"])
@pytest.mark.parametrize("entry", ["", ".", "bin", "/no/such/folder", "/etc/passwd"])
def test_no_folder_is_left_out(entry: str, where: str) -> None:
    left = entries(f"/usr/bin:{entry}:/bin", where)
    assert entry not in left
    assert "/usr/bin" in left
    assert "/usr/sbin" in left


@pytest.mark.parametrize("where", ["local", "remote"])
@pytest.mark.parametrize("mode", [0o777, 0o1777, 0o775])
def test_where_others_may_write_no_program_is_run(tmp_path: Path, mode: int, where: str) -> None:
    folder = tmp_path / "bin"
    folder.mkdir()
    folder.chmod(mode)
    if os.geteuid() == 0:
        os.chown(folder, 0, 1)
    assert str(folder) not in entries(f"{folder}:/usr/bin", where)


@needs_root
@pytest.mark.parametrize("where", ["local", "remote"])
def test_a_folder_of_somebody_else_is_not_ours(tmp_path: Path, where: str) -> None:
    folder = tmp_path / "bin"
    folder.mkdir()
    os.chown(folder, STRANGER, STRANGER)
    assert str(folder) not in entries(f"{folder}:/usr/bin", where)


@pytest.mark.parametrize("where", ["local", "remote"])
def test_our_own_folder_stays(tmp_path: Path, where: str) -> None:
    assert str(tmp_path) in entries(f"{tmp_path}:/usr/bin", where)


@needs_root
@pytest.mark.parametrize("where", ["local", "remote"])
def test_a_group_without_members_writes_nothing(tmp_path: Path, where: str) -> None:
    folder = tmp_path / "bin"
    folder.mkdir()
    os.chown(folder, 0, 54321)
    folder.chmod(0o2775)
    assert str(folder) in entries(f"{folder}:/usr/bin", where)


HARMFUL = ["LD_PRELOAD", "PYTHONPATH", "OPENSSL_CONF", "GIT_SSH", "PAGER", "BASH_ENV", "PERL5LIB"]


@pytest.mark.parametrize("name", HARMFUL)
def test_what_changes_programs_is_not_handed_on(name: str) -> None:
    assert name not in environment({name: "x", "HOME": "/root", "PATH": "/usr/bin"})


def test_what_is_needed_is_handed_on() -> None:
    handed = environment({"HOME": "/root", "SSH_AUTH_SOCK": "/s", "LANG": "zh_CN.UTF-8"})
    assert (handed["HOME"], handed["SSH_AUTH_SOCK"], handed["LC_ALL"]) == ("/root", "/s", "C")
    assert handed["STEPPATH"] == "/", "Caddy makes ~/.step without it"
    assert "LANG" not in handed


@pytest.mark.parametrize("name", [name for name in HARMFUL if not name.startswith("LD_")])
def test_over_there_too(name: str) -> None:
    assert f"{name}=" not in remote_path("/usr/bin", **{name: "/nowhere"})
