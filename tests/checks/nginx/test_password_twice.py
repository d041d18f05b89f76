"""nginx.password-twice: when it fires, and when it is silent."""

from dataclasses import replace
from typing import Any

import pytest

from diagnose.model import Applicability, Confidence, Severity, Symptom, Vantage
from diagnose.model.backends import BackendLogin
from diagnose.model.steps import Risk
from tests.support.check_evidence import SHOP, judge
from tests.support.nginx_evidence import RUNNING, SITE, config
from tests.support.page_errors import logged
from tests.support.upstream_evidence import compared, page

CHECK = "nginx.password-twice"
OWN = "<center>nginx</center>"
ASKS = 'auth_basic "Private"; auth_basic_user_file /etc/nginx/htpasswd;'


def claims(lines: str, status: int = 401, body: str = OWN) -> list[Any]:
    text = SITE.replace("proxy_set_header", f"{lines} proxy_set_header")
    return judge(CHECK, RUNNING, config(text), page(401, body), compared(status, body="login"))


def test_fires_where_both_ask() -> None:
    (claim,) = claims(ASKS)
    assert claim.confidence is Confidence.LIKELY
    assert claim.severity is None


@pytest.mark.parametrize(
    "lines",
    ["", "auth_basic off;", f'{ASKS} proxy_set_header Authorization "";'],
)
def test_silent_where_only_one_asks(lines: str) -> None:
    assert not claims(lines)


def test_silent_where_the_application_does_not_ask_or_the_page_is_its_own() -> None:
    assert not claims(ASKS, 200)
    assert not claims(ASKS, 401, "login")


# Where the application's page is open, and its interface is not


def asked(path: str, status: int, with_password: bool = False) -> BackendLogin:
    return BackendLogin(
        vantage=Vantage.SERVER, target="http://127.0.0.1:3000", requested=path, status=status,
        with_password=with_password,
    )  # fmt: skip


def told(*logins: BackendLogin, lines: str = ASKS) -> list[Any]:
    text = SITE.replace("proxy_set_header", f"{lines} proxy_set_header")
    return judge(CHECK, RUNNING, config(text), page(401, OWN), *logins)


OPEN = asked("/", 200), asked("/", 200, with_password=True)


def test_fires_where_the_scripts_have_a_login_of_their_own() -> None:
    (claim,) = told(*OPEN, asked("/api/v1/users/me", 401))
    assert (claim.severity, claim.confidence) == (Severity.WARNING, Confidence.LIKELY)
    assert claim.facts["guarded"] == "/api/v1/users/me"
    assert claim.fix.applicability is Applicability.MANUAL, "nothing is opened without a person"


def test_silent_where_the_scripts_need_no_login() -> None:
    assert not told(*OPEN, asked("/api/v1/books", 200))
    assert not told(*OPEN, asked("/api/v1/users/me", 401), lines="auth_basic off;")
    assert not told(asked("/api/v1/users/me", 401))


# Where a person writes that the right password does not end the question

AGAIN = "the window keeps popping up although I put in the right password"
WITHHELD = f'{ASKS} proxy_set_header Authorization "";'


def reported(words: str, *more: Any, masked: bool = True) -> list[Any]:
    text = SITE.replace("proxy_set_header", f"{WITHHELD} proxy_set_header")
    target = replace(SHOP, symptom=Symptom("status", words, 401))
    seen = (RUNNING, config(text), page(401, OWN), *OPEN, *more)
    return judge(CHECK, *seen, target=target, masked=masked)


def test_fires_where_the_right_password_does_not_end_the_question() -> None:
    (claim,) = reported(AGAIN)
    assert (claim.severity, claim.confidence) == (Severity.WARNING, Confidence.LIKELY)
    assert claim.fix.applicability is Applicability.MANUAL, "nothing is opened without a person"
    edit = claim.fix.steps[0].commands[0]
    assert edit.risk is Risk.OPENS_TO_ALL
    assert "auth_basic off;" in edit.diff
    assert "proxy_set_header Authorization $http_authorization;" in edit.diff


def test_silent_where_the_password_is_wrong_or_nobody_is_asked_again() -> None:
    wrong = logged('user "anna": password mismatch')
    # Masked, the log does not say why.
    assert not reported(AGAIN, wrong, masked=False)
    assert not reported("I cannot sign in")
    assert not reported(AGAIN, asked("/", 500))
