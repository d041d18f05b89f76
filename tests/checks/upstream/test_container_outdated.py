"""upstream.container-outdated: when it fires, and when it is silent."""

from dataclasses import replace

from diagnose.model import Claim, Command, Confidence, Observation, Vantage
from diagnose.model.containers import (
    ChangedVariable,
    ComposeService,
    DatabaseLogin,
    OutdatedContainer,
)
from diagnose.model.http import Exchange
from diagnose.model.program_logs import ProgramLine
from tests.support.check_evidence import judge, texts

CHECK = "upstream.container-outdated"
FILE = "/srv/shop/compose.yml"
OUTDATED = OutdatedContainer(
    vantage=Vantage.SERVER,
    engine="docker",
    name="shop-app-1",
    compose=ComposeService("shop", "app", "/srv/shop", (FILE,)),
    changed=(ChangedVariable("HOST", "/srv/shop/.env", "localhost", "shop.example.com"),),
)
PAGE = Exchange(url="https://shop.example.com/", address="203.0.113.10", port=443, status=400)
OTHER = replace(OUTDATED, changed=(ChangedVariable("CACHE_TTL", FILE, "60", "90"),))


def claims(*seen: Observation) -> list[Claim]:
    return judge(CHECK, *seen, masked=False)


def test_fires_where_the_files_have_the_name_of_the_site() -> None:
    (claim,) = claims(OUTDATED, PAGE)
    assert claim.confidence is Confidence.LIKELY
    assert claim.fix
    (step,) = claim.fix.steps
    assert isinstance(step, Command)
    assert step.argv == ("docker", "compose", "-f", FILE, "up", "-d", "app")
    assert "made before HOST changed" in texts(CHECK, claim)[0]


def test_fires_where_the_program_names_the_variable() -> None:
    line = ProgramLine(
        vantage=Vantage.SERVER, message="invalid CACHE_TTL: 60", weight=3, endpoint="8080"
    )
    (claim,) = claims(OTHER, line, replace(PAGE, status=500))
    assert claim.confidence is Confidence.LIKELY


def test_fires_as_possible_where_nothing_connects_them() -> None:
    (claim,) = claims(OTHER, replace(PAGE, status=500))
    assert claim.confidence is Confidence.POSSIBLE
    # It hides no cause that is more certain.
    assert not claim.covers


def test_a_secret_is_connected_with_words_about_one() -> None:
    secret = replace(OUTDATED, changed=(ChangedVariable("DB_PASSWORD", FILE),))
    line = ProgramLine(vantage=Vantage.SERVER, message="", weight=3, endpoint="8080")
    refused = replace(line, message='password authentication failed for user "shop"')
    (claim,) = claims(secret, refused, replace(PAGE, status=500))
    assert claim.confidence is Confidence.LIKELY
    (claim,) = claims(secret, replace(line, message="x is undefined"), replace(PAGE, status=500))
    assert claim.confidence is Confidence.POSSIBLE


def test_silent_where_the_page_is_answered_or_is_not_there() -> None:
    assert not claims(OUTDATED, replace(PAGE, status=200))
    assert not claims(OUTDATED, replace(PAGE, status=404))


def test_silent_where_the_database_refuses_the_same_password() -> None:
    login = DatabaseLogin(
        vantage=Vantage.SERVER, engine="docker", name="db", product="postgres",
        application="shop-app-1", user="shop", is_same_password=True,
    )  # fmt: skip
    assert not claims(OUTDATED, login, replace(PAGE, status=500))
