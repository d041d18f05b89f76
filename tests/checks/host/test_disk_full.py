"""host.disk-full: when it fires, and when it is silent."""

from diagnose.model import Subject
from diagnose.model.logs import LogLine
from diagnose.model.resources import FileSystem
from tests.support.check_evidence import judge

CHECK = "host.disk-full"
GIB = 1024**3


def disk(
    free: int = GIB, free_files: int = 9000, files: int = 10_000, size: int = 20 * GIB,
    type: str = "ext2/ext3",
) -> FileSystem:  # fmt: skip
    return FileSystem(
        paths=("/var", "/var/log"), type=type, free=free, size=size, free_files=free_files,
        files=files,
    )  # fmt: skip


LINE = LogLine(
    file="/var/log/nginx/error.log",
    when=1.0,
    level="crit",
    pid=9,
    text='pwritev() "/var/lib/nginx/body/0000000001" failed (28: No space left on device)',
    errno=28,
)


def test_fires_without_room() -> None:
    (claim,) = judge(CHECK, disk(free=0))
    assert (claim.facts["inodes"], claim.facts["folder"]) == (False, "/var")
    assert claim.covers == ()


def test_fires_without_inodes_and_says_what_failed() -> None:
    (claim,) = judge(CHECK, disk(free_files=0), LINE)
    assert claim.facts["inodes"]
    assert claim.facts["message"] == LINE.text
    assert claim.covers == (Subject(),)


def test_silent_with_some_room() -> None:
    assert not judge(CHECK, disk(free=5 * 1024**2, free_files=300))


def test_silent_where_inodes_are_not_counted() -> None:
    assert not judge(CHECK, disk(free_files=0, files=0))


def test_silent_about_an_image_that_is_read_only() -> None:
    assert not judge(CHECK, disk(free=0, free_files=0, type="squashfs"))


def test_silent_about_a_pseudo_file_system_without_a_size() -> None:
    assert not judge(CHECK, disk(free=0, size=0, files=0, free_files=0))
