"""http.redirect-leaves-folder: an application in a sub-folder redirects to its own root."""

from dataclasses import replace

import pytest

from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Edit,
    Manual,
    Observation,
    Subject,
)
from tests.support import running_programs
from tests.support.check_evidence import SHOP, judge
from tests.support.nginx_evidence import BUILD, RUNNING, SITE, config
from tests.support.running_programs import programs
from tests.support.upstream_evidence import page

CHECK = "http.redirect-leaves-folder"
BELOW = replace(SHOP, path="/app/convert")
URL = "https://shop.example.com/app/convert"
REDIRECT = replace(page(302), url=URL, headers=(("Location", "/login"),))
MISSING = replace(
    page(404), url="https://shop.example.com/login", purpose="redirect", redirected_from=URL
)
OFF = "proxy_redirect off;"


def claims(
    lines: str = "",
    *seen: Observation,
    location: str = "/app/",
    target: str = "http://127.0.0.1:4000/",
) -> list[Claim]:
    block = f"    location {location} {{\n        proxy_pass {target};\n        {lines}\n    }}\n"
    text = SITE.replace("    location / {", f"{block}    location / {{")
    return judge(CHECK, config(text), BUILD, RUNNING, *(seen or (REDIRECT, MISSING)), target=BELOW)


@pytest.mark.parametrize("lines", [OFF, ""])
def test_fires_and_puts_the_prefix_back(lines: str) -> None:
    (claim,) = claims(lines)
    assert claim.facts["right"] == "/app/login"
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "proxy_redirect default;\n" in edit.diff
    assert "proxy_redirect / /app/;\n" in edit.diff


@pytest.mark.parametrize(
    ("lines", "filters"), [("", True), (OFF, True), ("sub_filter a b;", False)]
)
def test_fires_and_puts_the_prefix_into_the_page_as_well(lines: str, filters: bool) -> None:
    """The page to which it leads below the folder names its files at the root."""
    below = replace(
        page(200, '<script src="/assets/a.js">'),
        url="https://shop.example.com/app/login",
        purpose="folder",
    )
    block = f"    location /app/ {{\n        proxy_pass http://127.0.0.1:4000/;\n{lines}\n    }}\n"
    text = SITE.replace("    location / {", f"{block}    location / {{")
    build = replace(BUILD, arguments=("--with-http_sub_module",))
    seen = (REDIRECT, MISSING, below)
    (claim,) = judge(CHECK, config(text), build, RUNNING, *seen, target=BELOW)
    assert claim.facts["filters"] is filters
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "proxy_redirect / /app/;\n" in edit.diff
    assert ("sub_filter 'src=\"/' 'src=\"/app/';\n" in edit.diff) is filters


def test_fires_and_a_person_adds_to_lines_that_are_there() -> None:
    (claim,) = claims("proxy_redirect http://app/ /app/;")
    assert claim.fix
    assert isinstance(claim.fix.steps[0], Manual)


def test_silent_where_the_page_is_there() -> None:
    assert not claims("", REDIRECT, replace(MISSING, status=200))


def test_silent_where_the_redirect_stays_in_the_folder() -> None:
    there = replace(REDIRECT, headers=(("Location", "/app/login"),))
    assert not claims("", there, replace(MISSING, url="https://shop.example.com/app/login"))


def test_silent_where_nginx_cuts_nothing_off() -> None:
    assert not claims(target="http://127.0.0.1:4000")
    assert not claims(location="/")


@pytest.mark.parametrize(
    "rewrite", ["/app/(.*) /$1 break;", "^/app/(.*)$ /$1 break;", "^/app(/.*)$ $1 break;"]
)
def test_fires_where_a_rewrite_cuts_the_prefix(rewrite: str) -> None:
    (claim,) = claims(f"rewrite {rewrite}", target="http://127.0.0.1:4000")
    assert claim.facts["target"] == f"rewrite {rewrite}".removesuffix(";")
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "proxy_redirect / /app/;\n" in edit.diff


@pytest.mark.parametrize("rewrite", ["^/app/(.*)$ /v2/$1 break;", "^/app/x(.*)$ /$1 break;"])
def test_silent_where_a_rewrite_does_something_else(rewrite: str) -> None:
    assert not claims(f"rewrite {rewrite}", target="http://127.0.0.1:4000")


SAME = replace(REDIRECT, headers=(("Location", "https://shop.example.com/convert/"),))
SHELL = replace(MISSING, status=200, url="https://shop.example.com/convert/")


@pytest.mark.parametrize(("location", "target"), [("/app/", "http://a:1/"), ("/app", "http://a:1")])
def test_fires_where_the_same_path_leads_out_of_the_folder(location: str, target: str) -> None:
    """Whatever answers there. The redirect names the site, so the line does as well."""
    lines = "rewrite /app/(.*) /$1 break;" if location == "/app" else ""
    (claim,) = claims(lines, SAME, SHELL, location=location, target=target)
    assert (claim.facts["right"], claim.facts["missing"]) == ("/app/convert/", False)
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert r"proxy_redirect ~^https?://shop\.example\.com(?::[0-9]+)?/(.*)$ /app/$1;" in edit.diff


def test_silent_where_the_redirect_means_another_page() -> None:
    root = replace(SHELL, url="https://shop.example.com/")
    assert not claims("", replace(SAME, headers=(("Location", "/"),)), root)


def test_fires_and_names_the_setting_of_a_known_application_first() -> None:
    grafana = programs(replace(running_programs.SHOP, command="/usr/sbin/grafana-server"))
    (claim,) = claims("", REDIRECT, MISSING, grafana)
    assert claim.facts["known"] == "Grafana"
    assert Subject(port=443, text="Grafana") in claim.covers
    assert "serve_from_sub_path" in str(claim.facts["setting"])
    assert claim.facts["address"] == "https://shop.example.com/app/"
    (step,) = claim.fix.steps if claim.fix else ()
    assert isinstance(step, Manual)
    assert step.step == "tell-the-base-path"


def test_fires_and_changes_nginx_where_the_application_has_no_setting() -> None:
    unknown = programs(replace(running_programs.SHOP, command="/usr/bin/node /srv/app.js"))
    (claim,) = claims("", REDIRECT, MISSING, unknown)
    assert claim.facts["setting"] == ""
    assert claim.fix
    assert isinstance(claim.fix.steps[0], Edit)


BELOW_FOLDER = replace(
    page(200), url="https://shop.example.com/app/login", purpose="folder", verified=True
)
UNKNOWN = replace(page(404), url="https://shop.example.com/app/login-no-such", purpose="unknown")


def test_fires_for_certain_where_the_page_is_below_the_folder() -> None:
    (claim,) = claims("", REDIRECT, MISSING, BELOW_FOLDER, UNKNOWN)
    assert claim.confidence is Confidence.CERTAIN
    assert claim.facts["proven"]
    (claim,) = claims("", REDIRECT, replace(MISSING, status=200), BELOW_FOLDER, UNKNOWN)
    assert claim.confidence is Confidence.CERTAIN, "the site has a page for every path"


def test_silent_where_the_page_is_not_below_the_folder() -> None:
    assert not claims("", REDIRECT, MISSING, replace(BELOW_FOLDER, status=404))


def test_silent_where_the_application_has_a_page_for_every_path() -> None:
    every = replace(UNKNOWN, status=200)
    assert not claims("", REDIRECT, replace(MISSING, status=200), BELOW_FOLDER, every)


GROUP = "http://127.0.0.1:4000/$1$is_args$args"


@pytest.mark.parametrize(
    "target", [GROUP, "http://127.0.0.1:4000/$1?$args", "http://127.0.0.1:4000/$1"]
)
def test_fires_where_an_expression_cuts_the_prefix(target: str) -> None:
    (claim,) = claims(location="~ ^/app/(.*)$", target=target)
    edit = claim.fix.steps[0] if claim.fix else None
    assert isinstance(edit, Edit)
    assert "proxy_redirect / /app/;\n" in edit.diff
    assert "default" not in edit.diff, "nginx refuses it beside a variable"


def test_fires_where_a_rewrite_in_an_expression_cuts_the_prefix() -> None:
    (claim,) = claims(
        "rewrite ^/app/(.*)$ /$1 break;", location="~ ^/app/", target="http://127.0.0.1:4000"
    )
    assert claim.facts["prefix"] == "/app/"


@pytest.mark.parametrize(
    ("location", "target"),
    [
        ("~ ^/app/(.*)$", "http://127.0.0.1:4000/v2/$1"),
        ("~ ^/app/(\\d+)$", GROUP),
        ("~ ^/app/(.*)$", "http://127.0.0.1:4000"),
    ],
)
def test_silent_where_an_expression_cuts_something_else(location: str, target: str) -> None:
    assert not claims(location=location, target=target)
