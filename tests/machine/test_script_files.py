"""The shell scripts as servers get them, in each shell that a server may have."""

import shutil
import subprocess
from pathlib import Path

import pytest

import diagnose
from diagnose.machine.script_files import read_script

PACKAGE = Path(diagnose.__file__).parent
SCRIPTS = sorted(PACKAGE.rglob("shell/*.sh"))


def sent(path: Path) -> str:
    return read_script(str(path.parents[1] / "module.py"), path.name)


def test_comments_and_empty_lines_are_not_sent(tmp_path: Path) -> None:
    folder = tmp_path / "shell"
    folder.mkdir()
    (folder / "a.sh").write_text("# Why.\n\necho 1  # one\n  # inside\n  echo '#2'\n")
    assert read_script(str(tmp_path / "a.py"), "a.sh") == "echo 1  # one\n  echo '#2'"


@pytest.mark.parametrize("shell", ["dash", "bash --posix", "busybox sh"])
@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)
def test_every_shell_understands_the_scripts(shell: str, path: Path) -> None:
    words = shell.split()
    if shutil.which(words[0]) is None:
        pytest.skip(f"no {words[0]} here")
    result = subprocess.run([*words, "-n", "-c", sent(path)], capture_output=True, check=False)
    assert (result.returncode, result.stderr) == (0, b"")
