import os
import pwd
import shlex
import subprocess
from dataclasses import replace
from pathlib import Path

from diagnose.model.resources import FileSystem, LargeFiles
from diagnose.probes.inside import large_files as probes
from tests.support.fake_context import Looking
from tests.support.recorded_machine import RecordedMachine

FULL = FileSystem(paths=("/var",), type="ext2/ext3", free=0, size=20 << 30, free_files=9, files=99)
COMMAND = shlex.join(("sh", "-c", probes.SCRIPT, "sh", "/var", str((20 << 30) // 100 // 1024)))


def looked(system: FileSystem) -> Looking:
    import asyncio

    looking = Looking(
        RecordedMachine({COMMAND: "file root 9 /var/a.bin\nfile root 99 /var/log/a.log\n"})
    )
    asyncio.run(probes.large_files.work(looking, system))  # type: ignore[arg-type]
    return looking


def test_the_largest_comes_first() -> None:
    (seen,) = looked(FULL).observed(LargeFiles)
    assert [file.path for file in seen.files] == ["/var/log/a.log", "/var/a.bin"]


def test_nothing_is_looked_at_with_room_or_in_an_image() -> None:
    for system in (replace(FULL, free=1 << 30), replace(FULL, type="squashfs")):
        assert not looked(system).observed(LargeFiles)


def test_the_script(tmp_path: Path) -> None:
    (tmp_path / "large.log").write_bytes(b"x" * 300_000)
    (tmp_path / "small.log").write_bytes(b"x")
    (tmp_path / "open").mkdir()
    (tmp_path / "open").chmod(0o777)
    (tmp_path / "open/large.log").write_bytes(b"x" * 300_000)
    odd = tmp_path / "a\ndeleted forged.service 9" / "var"
    odd.mkdir(parents=True)
    (odd / "a.log").write_bytes(b"x" * 300_000)
    script = probes.SCRIPT.replace('$(stat -c %m -- "$1")', str(tmp_path))
    done = subprocess.run(
        ["sh", "-c", script, "sh", "/x", "100"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    own = pwd.getpwuid(os.getuid()).pw_name
    assert f"file {own} 300000 {tmp_path}/large.log" in done.stdout
    assert f"file - 300000 {tmp_path}/open/large.log" in done.stdout
    assert "small.log" not in done.stdout
    assert "forged" not in done.stdout
