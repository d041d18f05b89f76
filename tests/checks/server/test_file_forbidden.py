import shlex
from dataclasses import replace

from diagnose.model import Applicability, Command
from diagnose.model.files import PathComponent
from diagnose.model.services import UnitCorrection
from diagnose.model.site_folders import FolderAccess
from tests.support.caddy_evidence import CADDY, caddy_config
from tests.support.check_evidence import judge
from tests.support.report_builder import ANSWER
from tests.support.web_server_evidence import APACHE, apache_config

CHECK = "server.file-forbidden"
HOME = PathComponent(path="/home/joe", uid=1000, user="joe", gid=1000, group="joe", mode=0o750)
FILE = replace(HOME, path="/home/joe/site/index.html", mode=0o644, folder=False)
ACCESS = FolderAccess(
    path=FILE.path, parts=(HOME, FILE), uid=998, user="caddy", gids=(998,), group="caddy"
)
PAGE = replace(ANSWER, status=403)
FILES = caddy_config()


def test_fires_and_opens_the_folder() -> None:
    (claim,) = judge(CHECK, CADDY, FILES, ACCESS, PAGE, masked=False)
    assert claim.facts["closed"] == ("/home/joe (0750 joe:joe)",)
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    (step,) = claim.fix.steps
    assert isinstance(step, Command)
    assert step.argv == ("chmod", "o+x", "/home/joe")


def test_fires_when_systemd_hides_the_folder() -> None:
    opened = replace(ACCESS, parts=(replace(HOME, mode=0o755), FILE), hidden=True)
    (claim,) = judge(CHECK, CADDY, FILES, opened, PAGE)
    assert claim.facts["hidden"]
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


def test_the_unit_sees_that_folder_alone() -> None:
    server = replace(CADDY, unit="caddy")
    opened = replace(ACCESS, parts=(replace(HOME, mode=0o755), FILE), hidden=True)
    lines = ("ProtectHome=tmpfs", "BindReadOnlyPaths=/home/joe/site")
    correction = UnitCorrection(unit="caddy", wrong="ProtectHome=yes", lines=lines)
    (claim,) = judge(CHECK, server, FILES, opened, PAGE, correction, masked=False)
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    steps = [shlex.join(step.argv) for step in claim.fix.steps if isinstance(step, Command)]
    assert steps[-2:] == ["systemctl daemon-reload", "systemctl restart caddy"]
    assert all(line in steps[1] for line in lines)


def test_silent_when_it_may_read_or_the_page_came() -> None:
    opened = replace(ACCESS, parts=(replace(HOME, mode=0o755), FILE))
    assert not judge(CHECK, CADDY, FILES, opened, PAGE)
    assert not judge(CHECK, CADDY, FILES, ACCESS, ANSWER)


def test_silent_for_apache_whose_log_says_it() -> None:
    assert not judge(CHECK, APACHE, apache_config(), ACCESS, PAGE)
