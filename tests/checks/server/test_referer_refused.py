"""server.referer-refused: when it fires, and when it is silent."""

from dataclasses import replace

import pytest

from diagnose.model import Claim, Edit
from diagnose.model.symptom import Symptom
from tests.checks.server.test_agent_refused import PAGE, ROOT, config, site
from tests.support.check_evidence import SHOP, judge
from tests.support.web_server_evidence import APACHE

RULES = """\
RewriteEngine On
RewriteCond %{HTTP_REFERER} !^$
RewriteCond %{HTTP_REFERER} !^https://shop\\.example\\.com/ [NC]
RewriteRule \\.(png|jpe?g)$ - [F,NC]
"""
PARTNER = "https://partner.example.net/a"


def claims(referer: str, path: str = "/logo.png", status: int = 403) -> list[Claim]:
    line = f'1.2.3.4 - - [t] "GET {path} HTTP/1.1" {status} 199 "{referer}" "Mozilla/5.0 Firefox"'
    target = replace(SHOP, path="/", symptom=Symptom("status", line, status))
    own = config(site(), RULES)
    return judge("server.referer-refused", APACHE, own, PAGE, target=target, masked=False)


def test_fires_for_a_page_that_the_list_lacks() -> None:
    (claim,) = claims(PARTNER)
    assert claim.facts["place"] == f"{ROOT}/.htaccess:4"
    (edit,) = claim.fix.steps if claim.fix else ()
    assert isinstance(edit, Edit)
    assert r"+RewriteCond %{HTTP_REFERER} !^https?://partner\.example\.net" in edit.diff


@pytest.mark.parametrize(
    ("referer", "path", "status"),
    [
        ("https://shop.example.com/a", "/logo.png", 403),
        ("-", "/logo.png", 403),
        (PARTNER, "/page", 403),
        (PARTNER, "/logo.png", 404),
    ],
)
def test_silent_for_a_request_that_passes(referer: str, path: str, status: int) -> None:
    assert not claims(referer, path, status)
