"""upstream.database-password: when it fires, and when it is silent."""

from dataclasses import replace

import pytest

from diagnose.model import Applicability, Claim, Command, Vantage
from diagnose.model.containers import DatabaseLogin
from diagnose.model.http import Exchange
from tests.support.check_evidence import judge, texts

CHECK = "upstream.database-password"
MESSAGE = 'FATAL:  password authentication failed for user "shop"'
LOGIN = DatabaseLogin(
    vantage=Vantage.SERVER,
    engine="docker",
    name="shop-db-1",
    product="postgres",
    application="shop-app-1",
    user="shop",
    is_same_password=True,
    reason="password",
    message=MESSAGE,
)
PAGE = Exchange(url="https://shop.example.com/", address="203.0.113.10", port=443, status=500)


def claims(login: DatabaseLogin = LOGIN, page: Exchange = PAGE) -> list[Claim]:
    return judge(CHECK, login, page, masked=False)


def test_fires_where_the_data_has_an_older_password() -> None:
    (claim,) = claims()
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    (step,) = claim.fix.steps
    assert isinstance(step, Command)
    assert step.argv[:4] == ("docker", "exec", "shop-db-1", "sh")
    assert "refuses the password of shop" in texts(CHECK, claim)[0]


@pytest.mark.parametrize(
    "login",
    [
        replace(LOGIN, reason="user"),
        replace(LOGIN, is_same_password=False),
        replace(LOGIN, product="mysql"),
    ],
)
def test_fires_with_steps_for_a_person(login: DatabaseLogin) -> None:
    (claim,) = claims(login)
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL
    assert texts(CHECK, claim)


def test_silent_where_the_page_is_answered() -> None:
    assert not claims(page=replace(PAGE, status=200))
