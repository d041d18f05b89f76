from dataclasses import replace

from diagnose.model import (
    Applicability,
    Command,
    Confidence,
    Edit,
    Failure,
    Manual,
    Severity,
    Vantage,
)
from diagnose.model.files import BodyFolderAccess, PathComponent, TempFolderAccess
from diagnose.model.logs import FailedRequests, LogLine
from diagnose.model.nginx import NginxProcess, NginxState, NginxTest
from diagnose.model.resources import FileSystem
from tests.support.check_evidence import judge, texts
from tests.support.nginx_evidence import LOADED, RUNNING, SITE, config
from tests.support.page_errors import logged, page

DENIED = (
    'open() "/var/lib/nginx/proxy/1/00/0000000001" failed (13: Permission denied) '
    "while reading upstream"
)
LINE = replace(logged(DENIED, level="crit", errno=13, path="/big.js"), doing="reading upstream")


def test_fires_as_a_warning_while_the_page_itself_works() -> None:
    (claim,) = judge("nginx.temp-files-unwritable", RUNNING, config(), LINE, page(200))
    assert claim.severity is Severity.WARNING
    assert claim.facts["folder"] == "/var/lib/nginx/proxy"
    assert claim.facts["denied"]


def test_the_workers_user_is_named_by_its_number_where_the_folder_was_not_read() -> None:
    (master,) = RUNNING.masters
    running = replace(RUNNING, masters=(replace(master, worker_user=33),))
    (claim,) = judge("nginx.temp-files-unwritable", running, config(), LINE, page(200))
    assert claim.facts["user"] == "33"


def test_fires_as_an_error_when_the_page_is_cut_off() -> None:
    cut = replace(page(200), failure=Failure("closed", "closed"))
    (claim,) = judge("nginx.temp-files-unwritable", RUNNING, config(), LINE, cut)
    assert claim.severity is None
    assert cut in claim.because


def test_fires_for_an_upload_on_a_full_disk() -> None:
    text = (
        'pwrite() "/var/lib/nginx/body/0000000007" failed (28: No space left on device) '
        "while reading client request body"
    )
    line = replace(logged(text, level="crit", errno=28), doing="reading client request body")
    (claim,) = judge("nginx.temp-files-unwritable", RUNNING, config(), line)
    assert (claim.facts["full"], claim.facts["upload"]) == (True, True)
    assert claim.facts["folder"] == "/var/lib/nginx/body"


def test_writes_no_files_of_answers_where_no_disk_has_room() -> None:
    text = (
        'pwritev() "/tmp/mem/nginx_temp/0000000001" failed (28: No space left on device) '
        "while reading upstream"
    )
    line = replace(
        logged(text, level="crit", errno=28), doing="reading upstream",
        upstream="http://127.0.0.1:3000/",
    )  # fmt: skip
    (claim,) = judge("nginx.temp-files-unwritable", RUNNING, config(), line)
    assert claim.facts["passed_on"]
    assert claim.fix
    assert isinstance(claim.fix.steps[0], Edit)
    assert "proxy_max_temp_file_size 0;" in claim.fix.steps[0].diff
    cached = config(SITE.replace("proxy_pass", "proxy_cache pages;\n        proxy_pass"))
    (claim,) = judge("nginx.temp-files-unwritable", RUNNING, cached, line, masked=False)
    assert not claim.facts["passed_on"]


def test_fires_for_a_cache_on_a_full_disk() -> None:
    text = (
        'pwritev() "/srv/cache/400e88825bb7b7d0.0000000002" failed (28: No space left on device) '
        "while reading upstream"
    )
    line = replace(logged(text, level="crit", errno=28), doing="reading upstream")
    (claim,) = judge("nginx.temp-files-unwritable", RUNNING, config(), line)
    assert (claim.facts["full"], claim.facts["folder"]) == (True, "/srv/cache")


def test_silent_when_a_file_of_the_site_may_not_be_read() -> None:
    line = logged('open() "/var/www/shop/a.js" failed (13: Permission denied)', errno=13)
    assert not judge("nginx.temp-files-unwritable", RUNNING, config(), line)


def test_silent_when_nginx_was_reloaded_since() -> None:
    old = replace(LINE, when=LOADED - 5)
    assert not judge("nginx.temp-files-unwritable", RUNNING, config(), old)


def _upload(text: str, errno: int) -> LogLine:
    line = logged(text, level="crit", errno=errno, path="/upload")
    return replace(line, request="POST /upload HTTP/1.1")


def test_fires_for_an_upload_of_which_nginx_says_nothing_more() -> None:
    """As nginx 1.26 writes it in the laboratory, and in issue 2104 of filebrowser."""
    text = 'pwritev() "/var/lib/nginx/body/0000000001" failed (28: No space left on device)'
    (claim,) = judge("nginx.temp-files-unwritable", RUNNING, config(), _upload(text, 28), page(200))
    assert (claim.facts["full"], claim.facts["upload"]) == (True, True)
    assert claim.severity is Severity.WARNING


def test_silent_when_a_file_that_a_form_asks_for_may_not_be_read() -> None:
    text = 'open() "/var/www/shop/thanks.html" failed (13: Permission denied)'
    assert not judge("nginx.temp-files-unwritable", RUNNING, config(), _upload(text, 13))


def test_silent_about_a_disk_that_has_room_again() -> None:
    text = 'pwritev() "/var/lib/nginx/body/0000000001" failed (28: No space left on device)'
    line = _upload(text, 28)
    disk = FileSystem(
        paths=("/var", "/var/lib/nginx/body"), type="ext2/ext3", free=10**9, size=10**10,
        free_files=900, files=1000,
    )  # fmt: skip
    assert not judge("nginx.temp-files-unwritable", RUNNING, config(), line, page(200), disk)
    for still in (replace(disk, free=0), replace(disk, free_files=0), replace(disk, paths=("/",))):
        assert judge("nginx.temp-files-unwritable", RUNNING, config(), line, page(200), still)


BODY = "/var/lib/nginx/body"


def body_folder(parent: int, own: int = 0o700, owner: int = 33) -> BodyFolderAccess:
    return BodyFolderAccess(
        path=BODY,
        uid=33,
        user="www-data",
        gids=(33,),
        parts=(
            PathComponent("/", 0, "root", 0, "root", 0o755),
            PathComponent("/var/lib/nginx", 101, "nginx", 101, "nginx", parent),
            PathComponent(BODY, owner, "somebody", 0, "root", own),
        ),
    )


def test_fires_before_anybody_has_sent_a_large_form() -> None:
    """After issue 3369 of ZoeyVid/NPMplus: uploads above 32 KB fail with 500."""
    (claim,) = judge(
        "nginx.temp-files-unwritable", RUNNING, config(), page(200), body_folder(0o700)
    )
    assert claim.severity is Severity.WARNING
    assert (claim.facts["folder"], claim.facts["closed"]) == (BODY, "/var/lib/nginx")
    observations = RUNNING, config(), body_folder(0o755, 0o700, owner=0)
    (claim,) = judge("nginx.temp-files-unwritable", *observations)
    assert claim.facts["closed"] == BODY


def test_silent_where_the_workers_may_write_uploads() -> None:
    for access in (body_folder(0o755), body_folder(0o711, 0o777, owner=0)):
        assert not judge("nginx.temp-files-unwritable", RUNNING, config(), access)
    unknown = replace(body_folder(0o700), uid=None)
    assert not judge("nginx.temp-files-unwritable", RUNNING, config(), unknown)


PROXY = "/var/lib/nginx/proxy"


def folder(own: int, owner: int = 33, path: str = PROXY) -> TempFolderAccess:
    return TempFolderAccess(
        path=path,
        uid=33,
        user="www-data",
        gids=(33,),
        changed=LINE.when + 30,
        parts=(
            PathComponent("/", 0, "root", 0, "root", 0o755),
            PathComponent(path, owner, "somebody", 0, "root", own),
        ),
    )


def test_silent_when_the_folder_was_mended_since_the_line() -> None:
    mended = folder(0o700), folder(0o700, path=f"{PROXY}/1/00")
    observations = RUNNING, config(), LINE, *mended
    assert not judge("nginx.temp-files-unwritable", *observations, page(200))
    cut = replace(page(200), failure=Failure("closed", "closed"))
    assert judge("nginx.temp-files-unwritable", *observations, cut)


def test_a_mended_folder_is_not_certain_while_the_request_has_not_succeeded_since() -> None:
    failed = FailedRequests(
        file="/var/log/nginx/access.log", method="POST", path="/big.js", status=500,
        written="26/Nov/2026:10:00:00 +0000",
    )  # fmt: skip
    observations = RUNNING, config(), LINE, folder(0o700), page(200)
    (claim,) = judge("nginx.temp-files-unwritable", *observations, failed)
    assert claim.confidence is Confidence.LIKELY
    other = replace(failed, path="/other")
    assert not judge("nginx.temp-files-unwritable", *observations, other)


def test_fires_and_is_certain_while_a_folder_is_closed() -> None:
    for closed in ((folder(0o700, 0),), (folder(0o700), folder(0o700, 0, f"{PROXY}/1/00"))):
        (claim,) = judge("nginx.temp-files-unwritable", RUNNING, config(), LINE, page(200), *closed)
        assert claim.confidence is Confidence.CERTAIN
        assert closed[-1] in claim.because


def test_fires_and_is_certain_where_nginx_gave_the_folder_back_in_this_run() -> None:
    given = replace(folder(0o700), given_back=True)
    (claim,) = judge("nginx.temp-files-unwritable", RUNNING, config(), LINE, page(200), given)
    assert claim.confidence is Confidence.CERTAIN


def test_a_line_alone_is_not_certain() -> None:
    enforcing = replace(folder(0o700), enforcing=True)
    unchanged = replace(folder(0o700), changed=LINE.when - 30)
    for unseen in ((), (replace(folder(0o700), uid=None),), (enforcing,), (unchanged,)):
        (claim,) = judge("nginx.temp-files-unwritable", RUNNING, config(), LINE, page(200), *unseen)
        assert claim.confidence is Confidence.LIKELY


def run_by(user: int) -> NginxState:
    master = NginxProcess(pid=7, binary="/usr/sbin/nginx", loaded=LOADED, user=user, worker_user=33)
    return replace(RUNNING, masters=(master,))


TESTED = NginxTest(vantage=Vantage.SERVER, binary="/usr/sbin/nginx", passed=True, keeps_owners=True)


def test_fires_with_the_missing_user_where_root_does_not_run_the_master() -> None:
    """After an article of just4coding: nginx -t, run by root, gave the folders to nobody."""
    observations = run_by(33), config(), TESTED, LINE, folder(0o700, owner=65534)
    (claim,) = judge("nginx.temp-files-unwritable", *observations, page(200), masked=False)
    assert claim.facts["given_away"]
    assert claim.fix
    assert "+user www-data;" in claim.fix.edits[0].diff
    assert [step.argv for step in claim.fix.steps if isinstance(step, Command)] == [
        ("nginx", "-t"),
        ("nginx", "-s", "reload"),
    ]


def test_fires_with_a_reload_where_another_user_waits() -> None:
    observations = run_by(0), config(), TESTED, LINE, folder(0o700, owner=65534)
    (claim,) = judge("nginx.temp-files-unwritable", *observations, page(200), masked=False)
    assert claim.fix
    assert [step.argv for step in claim.fix.steps if isinstance(step, Command)] == [
        ("nginx", "-t"),
        ("nginx", "-s", "reload"),
    ]
    assert not claim.fix.edits


def commands_of(*accesses: BodyFolderAccess, user: str = "nginx") -> list[tuple[str, ...]]:
    named = (replace(access, user=user) for access in accesses)
    (claim,) = judge("nginx.temp-files-unwritable", RUNNING, config(), LINE, *named, masked=False)
    assert claim.fix
    return [step.argv for step in claim.fix.steps if isinstance(step, Command)]


def test_the_commands_open_what_is_closed_and_nothing_else() -> None:
    """After issue 553 of ajenti: the folder itself is the workers', and the one above is closed."""
    above = PathComponent("/var/lib/nginx", 0, "root", 0, "root", 0o700)
    own = folder(0o700)
    behind = replace(own, parts=(own.parts[0], above, own.parts[1]))
    inner = replace(
        folder(0o700, path=f"{PROXY}/2/00"), parts=(*behind.parts, folder(0o700).parts[1])
    )
    assert commands_of(behind, inner) == [("chmod", "o+x", "/var/lib/nginx")]
    root = folder(0o700, owner=0)
    assert commands_of(root) == [("chown", "-R", "nginx", PROXY)]
    both = replace(root, parts=(root.parts[0], above, root.parts[1]))
    assert commands_of(both) == [
        ("chmod", "o+x", "/var/lib/nginx"),
        ("chown", "-R", "nginx", PROXY),
    ]
    assert commands_of(folder(0o700), folder(0o700, 0, f"{PROXY}/1/00")) == [
        ("chown", "-R", "nginx", PROXY)
    ]


def test_no_command_for_a_folder_that_may_hold_other_things() -> None:
    for path in ("/srv", "/srv/shop", "/tmp"):
        text = DENIED.replace(PROXY, path)
        line = replace(LINE, text=text)
        closed = folder(0o700, owner=0, path=path)
        (claim,) = judge("nginx.temp-files-unwritable", RUNNING, config(), line, closed)
        assert claim.fix
        assert [type(step) for step in claim.fix.steps] == [Manual]
    mine = folder(0o500)
    assert commands_of(mine) == [], "chown would change nothing"


SMALL = FileSystem(
    paths=(BODY,), type="tmpfs", free=2 << 20, size=2 << 20, free_files=900, files=1000
)
DISK = FileSystem(
    paths=("/", "/var/lib", "/var/lib/nginx"), type="ext2/ext3", free=10**10, size=10**11,
    free_files=900, files=1000,
)  # fmt: skip
FULL = f'pwritev() "{BODY}/0000000001" failed (28: No space left on device)'


def test_moves_the_files_from_a_small_tmpfs_to_the_disk() -> None:
    line = _upload(FULL, 28)
    (claim,) = judge("nginx.temp-files-unwritable", RUNNING, config(), line, SMALL, DISK)
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+    client_body_temp_path /var/lib/nginx/nginx-body;\n" in edit.diff
    assert claim.fix.applicability is Applicability.REVIEW
    assert (claim.facts["memory"], claim.facts["moved"]) == (2, "/var/lib/nginx/nginx-body")
    said = texts("nginx.temp-files-unwritable", claim)
    assert any("(tmpfs) of 2 MiB" in text for text in said)


def test_moves_the_files_of_answers_too() -> None:
    text = 'pwritev() "/var/lib/nginx/proxy/0000000001" failed (28: No space left on device)'
    line = replace(
        logged(text, level="crit", errno=28, path="/a"),
        doing="reading upstream",
        upstream="http://127.0.0.1:3000/a",
    )
    small = replace(SMALL, paths=("/var/lib/nginx/proxy",))
    (claim,) = judge("nginx.temp-files-unwritable", RUNNING, config(), line, small, DISK)
    assert claim.fix
    assert isinstance(claim.fix.steps[0], Edit)
    assert "+    proxy_temp_path /var/lib/nginx/nginx-proxy;\n" in claim.fix.steps[0].diff


def test_a_person_makes_room_where_no_disk_has_it_or_the_folder_is_on_one() -> None:
    line = _upload(FULL, 28)
    (master,) = RUNNING.masters
    own = replace(RUNNING, masters=(replace(master, user=1000),))
    for running, *systems in (
        (RUNNING, SMALL),
        (RUNNING, SMALL, replace(DISK, free=10**6)),
        (RUNNING, SMALL, replace(DISK, free_files=0)),
        (RUNNING, replace(SMALL, type="ext2/ext3", free=0), DISK),
        (own, SMALL, DISK),
    ):
        (claim,) = judge("nginx.temp-files-unwritable", running, config(), line, *systems)
        assert claim.fix
        assert isinstance(claim.fix.steps[0], Manual)


def test_a_tmpfs_has_room_again_if_the_largest_upload_fits() -> None:
    line = _upload(FULL, 28)
    grown = replace(SMALL, size=64 << 20, free=64 << 20)
    assert not judge("nginx.temp-files-unwritable", RUNNING, config(), line, grown, DISK)
    large = config(SITE.replace("location / {", "client_max_body_size 512m;\n    location / {"))
    assert judge("nginx.temp-files-unwritable", RUNNING, large, line, grown, DISK)
