"""nginx.password-file-unreadable: when it fires, and when it is silent."""

from dataclasses import replace

from diagnose.model import Applicability, Command, Vantage
from diagnose.model.files import PasswordFileAccess, PathComponent
from tests.support.check_evidence import judge
from tests.support.nginx_evidence import SITE, config
from tests.support.upstream_evidence import page

CHECK = "nginx.password-file-unreadable"
FILE = "/etc/nginx/.htpasswd"
LINES = f'    auth_basic "Shop";\n    auth_basic_user_file {FILE};\n'
GUARDED = config(SITE.replace("    location /", f"{LINES}    location /", 1))


def part(path: str, mode: int, folder: bool = True) -> PathComponent:
    return PathComponent(
        path=path, uid=0, user="root", gid=0, group="root", mode=mode, folder=folder
    )


MISSING = PasswordFileAccess(
    vantage=Vantage.SERVER, path=FILE, parts=(part("/etc", 0o755),), uid=33, user="www-data"
)
SECRET = replace(MISSING, parts=(part("/etc", 0o755), part(FILE, 0o600, folder=False)))
SHUT = replace(MISSING, parts=(part("/etc", 0o700), part(FILE, 0o644, folder=False)))
READABLE = replace(MISSING, parts=(part("/etc", 0o755), part(FILE, 0o644, folder=False)))


def test_fires_where_the_file_is_missing() -> None:
    (claim,) = judge(CHECK, GUARDED, page(401), MISSING, MISSING)
    assert claim.facts["status"] == 403
    assert claim.location


def test_fires_where_the_worker_may_not_read_it() -> None:
    (claim,) = judge(CHECK, GUARDED, page(401), SECRET)
    assert claim.facts["status"] == 500
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL
    (claim,) = judge(CHECK, GUARDED, page(401), SHUT)
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW


def test_fires_and_gives_the_file_to_the_group_of_the_workers() -> None:
    (claim,) = judge(CHECK, GUARDED, page(401), replace(SECRET, user="nginx", group="nginx"))
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    steps = [step.argv for step in claim.fix.steps if isinstance(step, Command)]
    assert steps == [("chgrp", "nginx", FILE), ("chmod", "g+r", FILE)]


def test_fires_where_it_is_a_folder() -> None:
    folder = replace(MISSING, parts=(part("/etc", 0o755), part(FILE, 0o755)))
    (claim,) = judge(CHECK, GUARDED, page(401), folder)
    assert (claim.facts["folder"], claim.facts["status"]) == (True, 500)
    assert "name-the-file" in str(claim.fix)


def test_silent_where_it_is_readable_or_nobody_is_asked() -> None:
    assert not judge(CHECK, GUARDED, page(401), READABLE)
    assert not judge(CHECK, GUARDED, page(200), MISSING)
    assert not judge(CHECK, config(SITE), page(401), MISSING)


def test_silent_where_the_realm_is_off() -> None:
    off = SITE.replace("    location /", LINES.replace('"Shop"', "off") + "    location /", 1)
    assert not judge(CHECK, config(off), page(401), MISSING)
