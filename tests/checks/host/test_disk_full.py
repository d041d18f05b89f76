"""host.disk-full: when it fires, and when it is silent."""

from diagnose.model import Applicability, Command, Severity, Subject
from diagnose.model.logs import LogLine
from diagnose.model.program_logs import ProgramLine
from diagnose.model.resources import FileSystem, LargestLog
from tests.support.check_evidence import judge, texts

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


LOG = LargestLog(
    folder="/var",
    path="/var/lib/docker/containers/ab/ab-json.log",
    size=17 * GIB,
    container="unbound",
)
TOLD = ProgramLine(
    equivalent="docker logs web",
    message="OSError: [Errno 28] No space left on device",
    weight=3,
    endpoint="8080",
)


def test_fires_with_the_log_that_takes_the_room() -> None:
    (claim,) = judge(CHECK, disk(free=0), LOG, TOLD, masked=False)
    assert (claim.severity, claim.facts["log_container"]) == (Severity.ERROR, "unbound")
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    (empty,) = (step for step in claim.fix.steps if isinstance(step, Command))
    assert empty.argv == ("truncate", "-s", "0", LOG.path)
    assert any("max-size" in text for text in texts(CHECK, claim))


def test_fires_with_a_log_of_the_server() -> None:
    log = LargestLog(folder="/var", path="/var/log/nginx/access.log", size=GIB)
    (claim,) = judge(CHECK, disk(free=0), log)
    assert not claim.facts["json_file"]
    assert any("logrotate" in text for text in texts(CHECK, claim))


def test_silent_about_the_log_of_another_file_system() -> None:
    (claim,) = judge(CHECK, disk(free=0), LargestLog(folder="/", path="/a.log", size=GIB))
    assert not claim.facts["log"]
