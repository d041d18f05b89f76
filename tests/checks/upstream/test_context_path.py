from dataclasses import replace

import pytest

from diagnose.model import Applicability, Claim, Confidence, Edit, Manual, Target, Vantage
from diagnose.model.program_logs import ServedAddress
from diagnose.model.requests import ComparedRequest
from tests.support.check_evidence import SHOP, judge
from tests.support.nginx_evidence import BUILD, RUNNING, SITE, config
from tests.support.upstream_evidence import compared, controlled, page

CHECK = "upstream.context-path"
API: Target = replace(SHOP, path="/api/user/info")
BLOCK = SITE[: SITE.index("    location")]
CUT = f"{BLOCK}    location /api/ {{\n        proxy_pass http://127.0.0.1:8080/;\n    }}\n}}\n"
MISSING = compared(404, path=API.path)
BELOW = compared(
    200,
    "context-path",
    change="replaced",
    original="/user/info",
    value="/shop/user/info",
    path=API.path,
)


def claims(text: str, *observations: ComparedRequest) -> list[Claim]:
    given = (config(text), BUILD, RUNNING, page(404), *controlled(*observations))
    return judge(CHECK, *given, target=API)


def diff(claim: Claim) -> str:
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    return edit.diff


def test_fires_where_the_application_answers_below_its_prefix() -> None:
    (claim,) = claims(CUT, MISSING, BELOW)
    assert (claim.confidence, claim.facts["prefix"]) == (Confidence.CERTAIN, "/shop")
    assert "+        proxy_pass http://127.0.0.1:8080/shop/;\n" in diff(claim)


@pytest.mark.parametrize("status", [401, 405])
def test_fires_where_the_interface_is_there_and_refuses(status: int) -> None:
    assert claims(CUT, MISSING, replace(BELOW, status=status))


def test_fires_and_keeps_the_path_that_nginx_keeps() -> None:
    whole = replace(BELOW, original=API.path, value=f"/shop{API.path}")
    (claim,) = claims(CUT.replace("8080/;", "8080;"), MISSING, whole)
    assert "+        proxy_pass http://127.0.0.1:8080/shop/api/;\n" in diff(claim)


def test_fires_without_an_edit_where_a_rewrite_makes_the_path() -> None:
    rewritten = "rewrite ^/api/(.*)$ /$1 break; proxy_pass http://127.0.0.1:8080;"
    (claim,) = claims(CUT.replace("proxy_pass http://127.0.0.1:8080/;", rewritten), MISSING, BELOW)
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


def test_silent_where_nothing_is_there_either() -> None:
    assert not claims(CUT, MISSING, replace(BELOW, status=404))
    assert not claims(CUT, MISSING)
    assert not judge(
        "upstream.wrong-path",
        *(config(CUT), BUILD, RUNNING, page(404), *controlled(MISSING, BELOW)),
        target=API,
    )


BY_REDIRECT = replace(BELOW, name="redirect")
UNKNOWN = compared(
    404, "unknown-path", change="replaced", original="/user/info",
    value="/shop/user/info-diagnose-7f3a", path=API.path,
)  # fmt: skip


def test_fires_where_the_first_page_redirects_there() -> None:
    (claim,) = claims(CUT, MISSING, BY_REDIRECT, UNKNOWN)
    assert claim.facts["redirects"]
    assert "+        proxy_pass http://127.0.0.1:8080/shop/;\n" in diff(claim)


def test_silent_where_every_path_below_the_redirect_has_the_page() -> None:
    assert not claims(CUT, MISSING, BY_REDIRECT, replace(UNKNOWN, status=200))
    assert not claims(CUT, MISSING, BY_REDIRECT)


@pytest.mark.parametrize("target", ["8080", "8080/"])
def test_silent_where_the_redirect_leads_visitors_there(target: str) -> None:
    """The site has the application's whole paths, and somebody typed one without the folder."""
    text = CUT.replace("/api/", "/").replace("8080/", target)
    whole = replace(BY_REDIRECT, original=API.path, value=f"/shop{API.path}")
    assert not claims(text, MISSING, whole, UNKNOWN)
    assert claims(text, MISSING, replace(whole, name="/shop"), UNKNOWN)


HOOKS = ServedAddress(
    vantage=Vantage.SERVER, port=MISSING.port, words="http://127.0.0.1:3000/hooks/{id}"
)


def reported_claims(
    text: str, *observations: ComparedRequest, port: int = MISSING.port
) -> list[Claim]:
    given = (config(text), BUILD, RUNNING, page(404), *controlled(*observations))
    return judge(CHECK, *given, replace(HOOKS, port=port), target=API)


def test_fires_by_the_programs_words_of_which_nothing_is_asked() -> None:
    (claim,) = reported_claims(CUT, MISSING)
    assert claim.confidence is Confidence.LIKELY
    assert (claim.facts["prefix"], claim.facts["value"]) == ("/hooks", "/hooks/user/info")
    assert claim.facts["line"] == "proxy_pass http://127.0.0.1:8080/hooks/;"
    assert claim.fix
    assert isinstance(claim.fix.steps[0], Manual)


def test_silent_where_nginx_asks_below_the_folder_that_the_program_names() -> None:
    assert not reported_claims(CUT.replace("8080/;", "8080/hooks/;"), MISSING)
    assert not reported_claims(CUT, MISSING, port=9)
    assert not reported_claims(CUT, replace(MISSING, status=403))


def test_silent_for_a_told_prefix_below_which_all_paths_are_one_page() -> None:
    told = replace(BELOW, name="told")
    assert not claims(CUT, MISSING, told)
    made_up = replace(told, part="unknown-path", status=404, value="/shop/user/info-diagnose-7f3a")
    (claim,) = claims(CUT, MISSING, told, made_up)
    assert claim.facts["told"] is True
    assert not claims(CUT, MISSING, told, replace(made_up, status=200))


def test_silent_for_a_told_prefix_that_visitors_reach() -> None:
    """The page of the prefix is there for visitors: this one is no page of the application."""
    block = "    location / {\n        proxy_pass http://127.0.0.1:8080;\n    }\n}\n"
    told = replace(BELOW, name="told", original=API.path, value=f"/shop{API.path}")
    made_up = replace(told, part="unknown-path", status=404)
    assert not claims(f"{BLOCK}{block}", MISSING, told, made_up)
