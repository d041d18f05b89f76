"""nginx.password-passed-on: when it fires, and when it is silent."""

from dataclasses import replace
from typing import Any

import pytest

from diagnose.model import Applicability, Confidence, Edit, Vantage
from diagnose.model.backends import BackendLogin
from diagnose.model.symptom import Symptom
from tests.support.check_evidence import SHOP, judge
from tests.support.nginx_evidence import RUNNING, SITE, config
from tests.support.upstream_evidence import page

CHECK = "nginx.password-passed-on"
ASKS = 'auth_basic "Private"; auth_basic_user_file /etc/nginx/htpasswd;'
TOLD = replace(SHOP, symptom=Symptom("status", "401 Invalid username or password", 401))


def asked(status: int, with_password: bool = False) -> BackendLogin:
    return BackendLogin(
        vantage=Vantage.SERVER, target="http://127.0.0.1:3000", requested="/", status=status,
        with_password=with_password, body="Invalid username or password" if status > 400 else "",
    )  # fmt: skip


CONTROL = asked(200), asked(401, with_password=True), asked(200)


def judged(*logins: BackendLogin, lines: str = ASKS, target: Any = TOLD) -> list[Any]:
    text = SITE.replace("proxy_set_header", f"{lines} proxy_set_header", 1)
    own = page(401, "<center>nginx</center>")
    return judge(CHECK, RUNNING, config(text), own, *logins, target=target)


def test_fires_and_takes_the_field_away_without_opening_anything() -> None:
    (claim,) = judged(*CONTROL)
    assert claim.confidence is Confidence.LIKELY
    assert claim.facts["words"] == "Invalid username or password"
    assert claim.fix.applicability is Applicability.REVIEW
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert '+        proxy_set_header Authorization "";\n' in edit.diff
    assert not [line for line in edit.diff.split("\n") if line.startswith("-  ")]


@pytest.mark.parametrize(
    "lines", ["", "auth_basic off;", f'{ASKS} proxy_set_header Authorization "";']
)
def test_silent_where_no_password_is_passed_on(lines: str) -> None:
    assert not judged(*CONTROL, lines=lines)


def test_silent_without_a_report_or_a_control() -> None:
    assert not judged(*CONTROL, target=SHOP)
    assert not judged(*CONTROL[:2])
    assert not judged(asked(200), asked(200, with_password=True), asked(200))
