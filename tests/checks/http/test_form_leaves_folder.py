"""http.form-leaves-folder: when it fires, and when it is silent."""

from dataclasses import replace

import pytest

from diagnose.model import Claim, Confidence
from diagnose.model.pages import Page
from tests.support.check_evidence import SHOP, judge
from tests.support.nginx_evidence import BUILD, RUNNING, SITE, config
from tests.support.page_evidence import loads

CHECK = "http.form-leaves-folder"
ORIGIN = "https://shop.example.com"
BELOW = replace(SHOP, path="/rc/")
PAGE = replace(loads(), url=f"{ORIGIN}/rc/", posts=(f"{ORIGIN}/?_task=login",))


def claims(page: Page = PAGE, location: str = "/rc/", target: str = "http://a:1/") -> list[Claim]:
    block = f"    location {location} {{\n        proxy_pass {target};\n    }}\n"
    text = SITE.replace("    location / {", f"{block}    location / {{")
    return judge(CHECK, config(text), BUILD, RUNNING, page, target=BELOW)


@pytest.mark.parametrize(
    ("path", "action"), [("/rc/", "/?_task=login"), ("/rc/login", "/login"), ("/rc/a/", "/a/")]
)
def test_fires_for_a_form_to_the_pages_own_path(path: str, action: str) -> None:
    (claim,) = claims(replace(PAGE, url=ORIGIN + path, posts=(ORIGIN + action,)))
    assert claim.facts["right"] == path
    assert (claim.facts["prefix"], claim.facts["other"]) == ("/rc/", "location /")
    assert claim.confidence is Confidence.LIKELY


@pytest.mark.parametrize(
    "form", [f"{ORIGIN}/rc/", f"{ORIGIN}/subscribe", "https://other.example.net/"]
)
def test_silent_for_a_form_to_the_folder_or_to_another_page(form: str) -> None:
    assert not claims(replace(PAGE, posts=(form,)))


def test_silent_where_nginx_keeps_the_folder_or_there_is_none() -> None:
    assert not claims(target="http://a:1")
    assert not claims(replace(PAGE, url=f"{ORIGIN}/", posts=(f"{ORIGIN}/",)))
