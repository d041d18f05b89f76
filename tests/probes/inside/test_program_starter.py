"""The script that looks what started a program."""

import getpass
import subprocess
from pathlib import Path

import pytest

import diagnose.probes.inside.shell as scripts

SCRIPT = Path(next(iter(scripts.__path__))) / "program_starter.sh"


@pytest.mark.parametrize(
    ("folder_mode", "file_mode", "is_trusted"),
    [(0o755, 0o755, True), (0o1777, 0o755, False), (0o755, 0o757, False)],
)
def test_pm2_is_one_that_nobody_else_may_replace(
    tmp_path: Path, folder_mode: int, file_mode: int, is_trusted: bool
) -> None:
    folder = tmp_path / "bin"
    folder.mkdir()
    program = folder / "pm2"
    program.touch()
    program.chmod(file_mode)
    folder.chmod(folder_mode)
    words = f'is_trusted "{folder}" "{program}" "{getpass.getuser()}"'
    done = subprocess.run(["sh", "-c", f"{SCRIPT.read_text('utf-8')}\n{words}"])
    assert (done.returncode == 0) is is_trusted
