from dataclasses import replace

import pytest

from diagnose.model import Applicability, Claim, Command, Confidence, Manual
from diagnose.model.site_folders import MaintenanceMark
from tests.support.check_evidence import judge, texts
from tests.support.report_builder import ANSWER

CHECK = "server.in-maintenance"
CLOSED = replace(ANSWER, status=503)
MARK = MaintenanceMark(
    program="magento", path="/var/www/magento/var/.maintenance.flag", owner="www-data", age=86400,
    equivalent="ls -l /var/www/magento/var/.maintenance.flag",
)  # fmt: skip
CONFIG = "/var/www/cloud/config/config.php"


def command_lines(claim: Claim) -> list[str]:
    assert claim.fix is not None
    assert claim.fix.applicability is Applicability.REVIEW
    return [" ".join(step.argv) for step in claim.fix.steps if isinstance(step, Command)]


def test_fires_for_a_file_that_is_there() -> None:
    (claim,) = judge(CHECK, CLOSED, MARK)
    assert claim.confidence is Confidence.LIKELY
    assert command_lines(claim) == [f"runuser -u www-data -- rm -- {MARK.path}"]
    assert "broken off" in " ".join(texts(CHECK, claim))


def test_fires_and_tells_that_an_update_may_run() -> None:
    (claim,) = judge(CHECK, CLOSED, replace(MARK, age=20, owner="root"))
    assert command_lines(claim) == [f"rm -- {MARK.path}"]
    assert "may still run" in " ".join(texts(CHECK, claim))


def test_no_command_opens_the_site_while_an_update_runs() -> None:
    (claim,) = judge(CHECK, CLOSED, replace(MARK, working="setup:upgrade"))
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL
    assert isinstance(claim.fix.steps[0], Manual)
    assert "`setup:upgrade` runs" in " ".join(texts(CHECK, claim))


@pytest.mark.parametrize(
    ("program", "line", "script"),
    [
        ("nextcloud", "'maintenance' => true,", r"12s/=> *true\b/=> false/"),
        ("joomla", "public $offline = true;", "12s/=.*;/= false;/"),
        ("matomo", "maintenance_mode = 1", "12s/=.*/= 0/"),
    ],
)
def test_fires_for_a_line_of_the_settings(program: str, line: str, script: str) -> None:
    (claim,) = judge(
        CHECK, CLOSED, replace(MARK, program=program, path=CONFIG, line=line, number=12)
    )
    assert command_lines(claim) == [f"sed -i -e {script} {CONFIG}"]


def test_silent_where_the_page_comes_or_nothing_closes_it() -> None:
    assert not judge(CHECK, ANSWER, MARK)
    assert not judge(CHECK, replace(ANSWER, status=502), MARK)
    assert not judge(CHECK, CLOSED)


@pytest.mark.parametrize(
    "body",
    [
        # Of nginx, HAProxy: no program has answered. Of a program: it says another cause.
        "<html><head><title>503 Service Temporarily Unavailable</title></head><body>"
        "<center><h1>503 Service Temporarily Unavailable</h1></center><hr><center>nginx</center>",
        "<html><body><h1>503 Service Unavailable</h1>\nNo server is available to handle this"
        " request.\n</body></html>",
        "<title>Error establishing a database connection</title>",
    ],
)
def test_silent_where_the_page_has_another_cause(body: str) -> None:
    assert not judge(CHECK, replace(CLOSED, body=body), MARK)


@pytest.mark.parametrize(
    "body", ["", "<title>Service Unavailable</title><p>Service Unavailable", "We'll be back soon!"]
)
def test_fires_for_the_page_of_the_program(body: str) -> None:
    assert judge(CHECK, replace(CLOSED, body=body), MARK)
