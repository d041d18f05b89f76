"""host.disk-full: when it fires, and when it is silent."""

import pytest

from diagnose.model import Applicability, Command, Manual, Severity, Subject
from diagnose.model.logs import LogLine
from diagnose.model.program_logs import ProgramLine
from diagnose.model.resources import FileSystem, LargeFile, LargeFiles
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


def largest(*files: LargeFile) -> list[str]:
    """The commands that make room."""
    (claim,) = judge(CHECK, disk(free=0), LargeFiles(folder="/var", files=files))
    assert claim.fix
    assert claim.fix.applicability in {Applicability.REVIEW, Applicability.MANUAL}
    assert claim.facts["large"] == tuple(file.shown for file in files[:5])
    return [" ".join(step.argv) for step in claim.fix.steps if isinstance(step, Command)]


def test_fires_and_empties_logs_alone() -> None:
    assert largest(
        LargeFile("/var/lib/mysql/ibdata1", GIB * 9, "other"),
        LargeFile("/var/lib/docker/containers/a/a-json.log", GIB, "container"),
        LargeFile("/var/log/journal", GIB, "journal"),
        LargeFile("/var/log/nginx/access.log", GIB // 4, "log"),
        LargeFile("/var/log/nginx/access.log.1", GIB, "aside"),
        LargeFile("/var/log/shop.log", GIB, "deleted", "shop.service"),
    ) == [
        "journalctl --vacuum-size=200M",
        "rm -- /var/log/nginx/access.log.1",
        "truncate -c -s 0 -- /var/lib/docker/containers/a/a-json.log",
        "truncate -c -s 0 -- /var/log/nginx/access.log",
        "systemctl restart shop",
    ]


def test_fires_and_lets_the_owner_empty_a_log() -> None:
    log = LargeFile("/srv/shop/logs/error.log", GIB, "log", owner="shop")
    assert largest(log) == ["runuser -u shop -- truncate -c -s 0 -- /srv/shop/logs/error.log"]


def test_fires_and_leaves_files_of_programs_to_a_person() -> None:
    data = LargeFile("/var/lib/mysql/ibdata1", GIB * 9, "other")
    assert largest(data, LargeFile("/var/log/journal", GIB // 8, "journal")) == []
    assert largest(LargeFile("/var/log/shop.log", GIB, "deleted")) == []


def test_fires_and_empties_no_more_than_is_needed() -> None:
    assert largest(
        LargeFile("/var/log/nginx/access.log.1", GIB * 9, "aside"),
        LargeFile("/var/log/nginx/access.log", GIB * 5, "log"),
    ) == ["rm -- /var/log/nginx/access.log.1"]


def test_fires_as_an_error_where_a_program_reports_it() -> None:
    line = ProgramLine(
        equivalent="docker logs web",
        message="OSError: [Errno 28] No space left on device",
        weight=3,
        endpoint="8080",
    )
    (claim,) = judge(CHECK, disk(free=0), line)
    assert claim.severity is Severity.ERROR


def test_what_lies_in_memory_is_not_helped_by_removing_logs() -> None:
    (claim,) = judge(CHECK, disk(free=0, type="tmpfs"))
    assert claim.fix
    assert [step.step for step in claim.fix.steps if isinstance(step, Manual)] == [
        "larger-memory-disk"
    ]
    (claim,) = judge(CHECK, disk(free=0))
    assert claim.fix
    assert [step.step for step in claim.fix.steps if isinstance(step, Manual)] == ["make-room"]


def cache(path: str, owner: str = "root") -> tuple[FileSystem, LargeFiles]:
    """A small file system in memory that one file fills."""
    full = FileSystem(
        paths=("/var/cache/nginx",), type="tmpfs", free=0, size=GIB, free_files=9, files=99
    )
    return full, LargeFiles(
        folder="/var/cache/nginx", files=(LargeFile(path, GIB, "other", owner=owner),)
    )


def test_an_archive_is_moved_to_a_file_system_with_room() -> None:
    seen = cache("/var/cache/nginx/backup-2021-05-20.tar")
    (claim,) = judge(CHECK, *seen, disk(free=9 * GIB), masked=False)
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    moved = claim.fix.steps[1]
    assert isinstance(moved, Command)
    assert moved.argv[-1] == "/var/backups/backup-2021-05-20.tar"


@pytest.mark.parametrize(
    ("path", "owner", "free"),
    [
        ("/var/cache/nginx/proxy_temp/1/00/0000000001", "root", 9 * GIB),
        ("/srv/shop/release.tar.gz", "root", 9 * GIB),
        ("/var/cache/nginx/backup.tar", "www-data", 9 * GIB),
        ("/var/cache/nginx/backup.tar", "root", GIB),
    ],
)
def test_other_files_stay_where_they_are(path: str, owner: str, free: int) -> None:
    (claim,) = judge(CHECK, *cache(path, owner), disk(free=free), masked=False)
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL
