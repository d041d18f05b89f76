from dataclasses import replace

import pytest

from diagnose.model import Applicability, Edit, Failure, Severity
from diagnose.model.http import Exchange
from tests.support.check_evidence import judge
from tests.support.nginx_evidence import SITE, config
from tests.support.tls_evidence import shake

CHECK = "nginx.errors-not-logged"
PAGE = "<html><center><h1>502 Bad Gateway</h1></center><hr><center>nginx</center></html>"
FAILED = Exchange(
    url="https://shop.example.com/", address="203.0.113.10", port=443, status=502,
    purpose="target", body=PAGE,
)  # fmt: skip
LOG = "/www/wwwlogs/nginx_error.log"


@pytest.mark.parametrize("level", ["crit", "alert", "emerg"])
def test_fires_beside_an_error_page_of_nginx(level: str) -> None:
    (claim,) = judge(CHECK, config(f"error_log  {LOG}  {level};\n{SITE}"), FAILED)
    assert claim.severity in {None, Severity.NOTE}
    assert claim.facts["level"] == level
    assert claim.fix is not None
    assert claim.fix.applicability is Applicability.AUTOMATIC
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert f"+error_log {LOG} error;" in edit.diff


def test_fires_beside_a_refusal_of_nginx() -> None:
    page = PAGE.replace("502 Bad Gateway", "403 Forbidden")
    assert judge(
        CHECK, config(f"error_log {LOG} crit;\n{SITE}"), replace(FAILED, status=403, body=page)
    )
    missing = replace(FAILED, status=404, body=PAGE.replace("502 Bad Gateway", "404 Not Found"))
    assert not judge(CHECK, config(f"error_log {LOG} crit;\n{SITE}"), missing)


def test_fires_beside_a_handshake_that_nginx_ended() -> None:
    ended = shake(failure=Failure("alert", "handshake failure"))
    (claim,) = judge(CHECK, config(f"error_log {LOG} crit;\n{SITE}"), ended)
    assert claim.facts["status"] == ""


def test_the_innermost_log_counts() -> None:
    inner = SITE.replace("location /", "error_log /var/log/shop.log;\n  location /", 1)
    assert not judge(CHECK, config(f"error_log {LOG} crit;\n{inner}"), FAILED)


def test_silent_where_the_log_has_the_reason() -> None:
    for line in ("", f"error_log {LOG};\n", f"error_log {LOG} warn;\n"):
        assert not judge(CHECK, config(f"{line}{SITE}"), FAILED)


def test_silent_on_an_answer_of_the_application() -> None:
    quiet = config(f"error_log {LOG} crit;\n{SITE}")
    assert not judge(CHECK, quiet, replace(FAILED, body="<h1>Internal Server Error</h1>"))
    assert not judge(CHECK, quiet, replace(FAILED, status=200))
