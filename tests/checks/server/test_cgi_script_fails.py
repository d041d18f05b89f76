from dataclasses import replace

import pytest

from diagnose.model import Applicability, Command, Confidence, Severity
from diagnose.model.http import Exchange
from diagnose.model.logs import ServerRequestError
from diagnose.model.site_folders import CgiScript, SiteFolder
from tests.support.check_evidence import judge
from tests.support.web_server_evidence import APACHE, HTTPS, apache_config

CHECK = "server.cgi-script-fails"
PATH = "/var/www/shop/tools/stock.pl"
PAGE = Exchange(
    url="https://shop.example.com/", address="203.0.113.10", port=443, status=500
)  # fmt: skip
ERROR = ServerRequestError(
    product="apache",
    log="/var/log/apache2/error.log",
    reason="logged",
    message=f"(2)No such file or directory: AH01241: exec of '{PATH}' failed",
    file=PATH,
    errno=2,
)
SCRIPT = CgiScript(
    path=PATH, mode=0o755, interpreter="/usr/local/bin/perl", near=("/usr/bin/perl",)
)
RETURNS = replace(
    SCRIPT, interpreter="/usr/bin/perl", has_interpreter=True, has_returns=True, near=()
)


@pytest.mark.parametrize(
    ("errno", "script", "reason", "words"),
    [
        (2, SCRIPT, "no_interpreter", "1s|^#! */usr/local/bin/perl|#!/usr/bin/perl|"),
        (2, RETURNS, "returns", r"s/\r$//"),
        (8, replace(SCRIPT, interpreter=""), "no_first_line", "1i #!/usr/bin/perl"),
        (13, replace(SCRIPT, mode=0o644), "closed", "0755"),
    ],
)
def test_fires_with_the_command_that_mends_the_script(
    errno: int, script: CgiScript, reason: str, words: str
) -> None:
    error = replace(ERROR, errno=errno)
    (claim,) = judge(CHECK, APACHE, apache_config(), error, script, PAGE)
    assert claim.facts[reason]
    assert claim.confidence is Confidence.CERTAIN
    assert claim.fix
    (step,) = claim.fix.steps
    assert isinstance(step, Command)
    assert words in step.argv


def test_a_script_that_others_must_not_read_is_opened_by_a_person() -> None:
    error = replace(ERROR, errno=13)
    for mode, confidence in ((0o600, Confidence.CERTAIN), (0o750, Confidence.LIKELY)):
        script = replace(SCRIPT, mode=mode)
        (claim,) = judge(CHECK, APACHE, apache_config(), error, script, PAGE)
        assert claim.confidence is confidence
        assert claim.fix
        assert claim.fix.applicability is Applicability.MANUAL


def test_fires_without_a_command_where_no_interpreter_is_known() -> None:
    (claim,) = judge(CHECK, APACHE, apache_config(), ERROR, replace(SCRIPT, near=()), PAGE)
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


OFF = replace(
    ERROR,
    message=f"AH01262: stderr from {PATH}: Options ExecCGI is off in this directory",
    file="",
    errno=0,
)


def test_fires_where_scripts_are_not_permitted() -> None:
    (claim,) = judge(CHECK, APACHE, apache_config(HTTPS), OFF, replace(PAGE, status=403))
    assert claim.facts["off"]
    assert claim.severity is Severity.WARNING
    assert claim.fix
    assert "Options +ExecCGI" in claim.fix.edits[0].diff


def test_fires_where_an_alias_leads_to_another_folder() -> None:
    gone = "/usr/lib/cgi-bin/stock.pl"
    error = replace(OFF, message=f"AH01264: stderr from {gone}: script not found or unable to stat")
    folder = SiteFolder(
        path="/var/www/shop", requested="/cgi-bin/stock.pl", exists=True, page_exists=True
    )
    missing = replace(PAGE, status=404)
    (claim,) = judge(CHECK, APACHE, apache_config(HTTPS), error, folder, missing)
    assert claim.confidence is Confidence.LIKELY
    assert claim.fix
    assert "+    ScriptAlias /cgi-bin/ /var/www/shop/cgi-bin/" in claim.fix.edits[0].diff
    assert not judge(CHECK, APACHE, apache_config(HTTPS), error, missing)


@pytest.mark.parametrize(
    ("error", "script"),
    [
        (replace(ERROR, errno=13), SCRIPT),
        (ERROR, replace(SCRIPT, has_interpreter=True)),
        (replace(ERROR, errno=8), SCRIPT),
        (ERROR, replace(SCRIPT, path="/var/www/shop/other.pl")),
        (replace(ERROR, message="End of script output before headers: stock.pl"), None),
    ],
)
def test_silent_where_the_file_does_not_show_it(
    error: ServerRequestError, script: CgiScript | None
) -> None:
    scripts = [script] if script else []
    assert not judge(CHECK, APACHE, apache_config(), error, *scripts, PAGE)


def test_silent_where_the_page_came() -> None:
    assert not judge(CHECK, APACHE, apache_config(), ERROR, SCRIPT, replace(PAGE, status=200))
