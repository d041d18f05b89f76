"""http.php-warning: when it fires, and when it is silent."""

from dataclasses import replace

from diagnose.model import Command, Confidence, Edit, Manual, Severity
from diagnose.model.files import PathComponent, SessionFolderAccess
from diagnose.model.pages import PhpMessage
from tests.support.check_evidence import SHOP, judge
from tests.support.nginx_evidence import config
from tests.support.upstream_evidence import page

CHECK = "http.php-warning"
FOLDER = "/var/lib/php/session"
SESSION = PhpMessage(
    url=SHOP.url, address="203.0.113.10", port=443, status=200, warning="session", folder=FOLDER,
    words=f"session_start(): open({FOLDER}/sess_1, O_RDWR) failed: Permission denied (13)",
    script="/srv/shop/login.php", line="3", errno=13,
)  # fmt: skip
BASEDIR = replace(
    SESSION, warning="basedir", folder="", file="/www/wwwroot/shop/vendor/autoload.php",
    allowed="/www/wwwroot/shop/public/:/tmp/", words="open_basedir restriction in effect.",
)  # fmt: skip
ROOT = PathComponent("/", 0, "root", 0, "root", 0o755)


def folder(mode: int, path: str = FOLDER, *, there: bool = True) -> SessionFolderAccess:
    last = PathComponent(path, 0, "root", 48, "apache", mode)
    parts = (ROOT, PathComponent("/var/lib/php", 0, "root", 0, "root", 0o755))
    return SessionFolderAccess(
        path=path, parts=(*parts, *([last] if there else [])), uid=990, user="nginx",
        gids=(990,), group="nginx",
    )  # fmt: skip


def test_fires_on_a_folder_of_sessions_that_the_pool_may_not_write() -> None:
    (claim,) = judge(CHECK, page(200), SESSION, folder(0o770))
    assert claim.confidence is Confidence.CERTAIN
    assert claim.fix is not None
    words = [step.argv for step in claim.fix.steps if isinstance(step, Command)]
    assert words == [("chgrp", "nginx", FOLDER), ("chmod", "g+rwx", FOLDER)]


def test_the_folder_of_debian_gets_the_mode_of_its_package() -> None:
    path = "/var/lib/php/sessions"
    (claim,) = judge(CHECK, page(200), replace(SESSION, folder=path), folder(0o700, path))
    assert claim.fix is not None
    (step,) = claim.fix.steps
    assert isinstance(step, Command)
    assert step.argv == ("chmod", "1733", path)


def test_a_folder_that_is_not_there_is_made() -> None:
    (claim,) = judge(CHECK, page(200), replace(SESSION, errno=2), folder(0, there=False))
    assert claim.facts["missing"]
    assert claim.fix is not None
    (step,) = claim.fix.steps
    assert isinstance(step, Manual)
    assert step.step == "make-the-folder"


def test_without_the_walk_it_is_likely() -> None:
    (claim,) = judge(CHECK, page(200), SESSION)
    assert (claim.confidence, claim.severity) == (Confidence.LIKELY, None)


def test_fires_on_open_basedir_and_edits_the_line_of_nginx() -> None:
    (claim,) = judge(CHECK, page(200), BASEDIR)
    assert claim.confidence is Confidence.CERTAIN
    assert claim.facts["wider"] == "/www/wwwroot/shop/:/tmp/"
    assert claim.fix is not None
    assert isinstance(claim.fix.steps[0], Manual)
    site = config(
        "server { listen 443 ssl; server_name shop.example.com; location ~ \\.php$ {\n"
        '  fastcgi_param PHP_ADMIN_VALUE "open_basedir=/www/wwwroot/shop/public/:/tmp/";\n'
        "  fastcgi_pass unix:/run/php.sock; } }"
    )
    # Masked, the list of folders is one stand-in, and the line of nginx another.
    (claim,) = judge(CHECK, page(200), BASEDIR, site, masked=False)
    assert claim.fix is not None
    (edit,) = (step for step in claim.fix.steps if isinstance(step, Edit))
    assert '+  fastcgi_param PHP_ADMIN_VALUE "open_basedir=/www/wwwroot/shop/:/tmp/";' in edit.diff


def test_other_warnings_are_a_note() -> None:
    other = replace(SESSION, warning="other", folder="", words='Undefined variable "a"')
    (claim,) = judge(CHECK, page(200), other)
    assert claim.severity is Severity.NOTE


def test_a_line_of_the_log_alone_is_a_note() -> None:
    line = replace(BASEDIR, log="/var/log/nginx/error.log", written="2026/11/24 11:59:00")
    (claim,) = judge(CHECK, page(200), line)
    assert (claim.confidence, claim.severity) == (Confidence.LIKELY, Severity.NOTE)
    (stopped,) = judge(CHECK, page(500), line)
    assert (stopped.confidence, stopped.severity) == (Confidence.LIKELY, None)


def test_silent_on_a_line_that_is_older_than_the_mended_folder() -> None:
    line = replace(SESSION, log="/var/log/nginx/error.log", written="2026/11/24 11:59:00")
    assert judge(CHECK, page(200), line, folder(0o770))
    assert not judge(CHECK, page(200), line, folder(0o1733))


def test_silent_without_a_warning() -> None:
    assert not judge(CHECK, page(200))
