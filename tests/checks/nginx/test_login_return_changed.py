"""nginx.login-return-changed: when it fires, and when it is silent."""

from dataclasses import replace
from urllib.parse import quote

import pytest

from diagnose.model import Applicability, Claim, Target
from tests.support.check_evidence import SHOP, judge
from tests.support.nginx_evidence import BUILD, RUNNING, SITE, config
from tests.support.upstream_evidence import page

CHECK = "nginx.login-return-changed"
LINE = "proxy_redirect http:// https://;"
ASKED = "http://localhost:8080/callback"


def seen(line: str, asked: str, location: str, target: Target = SHOP) -> list[Claim]:
    text = SITE.replace("proxy_set_header", f"{line}\n        proxy_set_header", 1)
    url = f"https://shop.example.com/?client_id=1&redirect_uri={quote(asked, '')}"
    answer = replace(page(302), url=url, headers=(("Location", location),))
    target = replace(target, path=url[len("https://shop.example.com") :])
    return judge(CHECK, config(text), BUILD, RUNNING, answer, target=target, masked=False)


@pytest.mark.parametrize("line", [LINE, "proxy_redirect http: https:;",
                                  "proxy_redirect http:// $scheme://;"])  # fmt: skip
def test_fires_on_a_scheme_that_nginx_changes(line: str) -> None:
    (claim,) = seen(line, ASKED, "https://localhost:8080/callback?code=1")
    assert claim.facts["asked"] == ASKED
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    assert "://$host/;" in str(claim.fix.steps[0])


@pytest.mark.parametrize(
    ("line", "asked", "location"),
    [
        (LINE, ASKED, f"{ASKED}?code=1"),
        ("", ASKED, "https://localhost:8080/callback?code=1"),
        (LINE, ASKED, "https://other.example.net/callback?code=1"),
        (LINE, "https://app.example.net/cb", "https://app.example.net/cb?code=1"),
        ("proxy_redirect http://$host/ https://$host/;", ASKED, f"{ASKED}?code=1"),
    ],
    ids=["unchanged", "another's doing", "another place", "https was asked for", "the site's own"],
)
def test_silent_when(line: str, asked: str, location: str) -> None:
    assert not seen(line, asked, location)
