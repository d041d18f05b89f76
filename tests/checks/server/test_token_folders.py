"""server.rule-refuses: the lines that ask for no password where a message says a token is sent."""

from dataclasses import replace

import pytest

from diagnose.model import Applicability, Claim, Edit, Manual
from diagnose.model.http import Exchange
from diagnose.model.server_rules import AnsweringRule
from diagnose.model.symptom import Symptom
from tests.support.caddy_evidence import CADDY, caddy_config
from tests.support.check_evidence import SHOP, judge
from tests.support.web_server_evidence import LISTENING

CHECK = "server.rule-refuses"
URL = "https://shop.example.com/api/members"
PAGE = Exchange(url=URL, address="203.0.113.10", port=443, status=401)
TEXT = "shop.example.com {\n\tbasic_auth {\n\t\tdev x\n\t}\n\treverse_proxy 127.0.0.1:3000\n}\n"


def claims(words: str, path: str = "/api/members", text: str = TEXT) -> list[Claim]:
    config = caddy_config(text)
    file = config.files[0].path
    rule = AnsweringRule(path, 401, "basic_auth", questions=("login",), file=file, line=2)
    target = replace(SHOP, path=path, symptom=Symptom("status", words, 401))
    page = replace(PAGE, url=f"https://shop.example.com{path}")
    seen = (CADDY, LISTENING, replace(config, rules=(rule,)), page)
    return judge(CHECK, *seen, target=target, masked=False)


def test_says_what_lets_the_token_through() -> None:
    (claim,) = claims("401 although the bearer token is sent")
    assert claim.facts["folder"] == "/api/"
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL
    (step,) = claim.fix.steps
    assert isinstance(step, Manual)
    edit = step.commands[0]
    assert isinstance(edit, Edit)
    assert "+\t@password not path /api/*\n+\tbasic_auth @password {" in edit.diff


@pytest.mark.parametrize(
    "words",
    [
        f"GET {URL} 401 (Unauthorized)",
        f"POST {URL} net::ERR_ABORTED 401",
        '"GET /api/members HTTP/1.1" 401',
        f"XHR GET {URL} [HTTP/2 401 Unauthorized 12ms]",
    ],
)
def test_a_script_asks_an_interface(words: str) -> None:
    """A page would ask for the password."""
    assert claims(words)[0].facts["folder"] == "/api/"
    (page,) = claims(words, "/shop/members")
    assert not page.facts["folder"]


@pytest.mark.parametrize(
    ("words", "path", "text"),
    [
        ("401 Unauthorized", "/api/members", TEXT),
        ("401 although the token is sent", "/members", TEXT),
        ("401 although the token is sent", "/api/members", TEXT.replace("th {", "th @a {")),
    ],
)
def test_writes_nothing_that_is_not_known(words: str, path: str, text: str) -> None:
    for claim in claims(words, path, text):
        assert not claim.facts["folder"]
