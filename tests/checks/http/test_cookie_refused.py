"""http.cookie-refused: when it fires, and when it is silent."""

from dataclasses import replace

import pytest

from diagnose.model import Confidence, Edit
from diagnose.model.http import Exchange
from diagnose.model.web_servers import WebServerConfig
from tests.support.check_evidence import judge, texts
from tests.support.nginx_evidence import RUNNING, SITE, config
from tests.support.page_errors import page

CHECK = "http.cookie-refused"


def sets(*values: str) -> Exchange:
    return replace(page(200), headers=tuple(("Set-Cookie", value) for value in values))


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("sid=1; Path=/; SameSite=None", "same_site"),
        ("sid=1; Path=/; Domain=app.internal", "domain"),
        ("__Host-sid=1; Path=/app; Secure", "prefix"),
    ],
)
def test_fires_and_says_why(value: str, reason: str) -> None:
    (claim,) = judge(CHECK, sets(value), masked=False)
    assert claim.facts[reason]
    assert value.startswith(f"{claim.facts['cookie']}=")


def test_fires_with_the_line_that_passes_the_page_on() -> None:
    (claim,) = judge(CHECK, sets("sid=1; SameSite=None"), RUNNING, config(), masked=False)
    assert claim.location


def test_fires_with_the_field_of_which_the_application_makes_the_domain() -> None:
    bare = SITE.replace("        proxy_set_header Host $host;\n", "")
    seen = (sets("sid=1; Path=/; Domain=127.0.0.1"), RUNNING)
    (claim,) = judge(CHECK, *seen, config(bare), masked=False)
    assert claim.facts["told"] == "127.0.0.1:3000"
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+        proxy_set_header Host $host;\n" in edit.diff
    (claim,) = judge(CHECK, *seen, config(SITE), masked=False)
    assert claim.facts["told"] == ""


def test_fires_where_a_cookie_of_an_inside_address_is_taken_away() -> None:
    """The login page removes what the login will set with the same Domain."""
    gone = "SESSIONID=; Max-Age=0; Domain=192.168.1.10; Path=/; HttpOnly"
    (claim,) = judge(CHECK, sets(gone), masked=False)
    assert claim.confidence is Confidence.LIKELY
    assert (claim.facts["cookie_domain"], claim.facts["removed"]) == ("192.168.1.10", True)
    (claim,) = judge(CHECK, sets(gone, "sid=1; Domain=app.internal"), masked=False)
    assert (claim.confidence, claim.facts["cookie"]) == (Confidence.CERTAIN, "sid")


@pytest.mark.parametrize(
    "values",
    [
        ("sid=; Max-Age=0; Path=/; Domain=old.example.net",),
        ("sid=; Max-Age=0; Domain=10.0.0.7", "sid=; Max-Age=0"),
        ("sid=1; Path=/; SameSite=None; Secure",),
        ("sid=1; Path=/; Domain=.example.com",),
        ("sid=1; SameSite=None", "sid=1; SameSite=None; Secure"),
        ("sid=; Max-Age=0; SameSite=None",),
        (),
    ],
)
def test_silent(values: tuple[str, ...]) -> None:
    assert not judge(CHECK, sets(*values), masked=False)


@pytest.mark.parametrize(
    ("product", "words"),
    [
        ("apache", "ProxyPassReverseCookieDomain app.internal shop.example.com"),
        ("haproxy", "http-response replace-header Set-Cookie"),
    ],
)
def test_each_web_server_gets_its_own_words(product: str, words: str) -> None:
    server = WebServerConfig(product=product, path="/etc/x.conf")  # type: ignore[arg-type]
    cookie = sets("sid=1; Path=/; Domain=app.internal")
    (claim,) = judge(CHECK, cookie, server, masked=False)
    said = "\n".join(texts(CHECK, claim))
    assert words in said
    assert "proxy_cookie_domain" not in said
