"""upstream.path-fixed: when it fires, and when it is silent."""

from dataclasses import replace

import pytest

from diagnose.model import Claim, Confidence, Severity
from tests.support.check_evidence import SHOP, judge
from tests.support.nginx_evidence import RUNNING, config
from tests.support.page_errors import page
from tests.support.page_evidence import answered, loads, script

CHECK = "upstream.path-fixed"
SITE = "set $app 127.0.0.1; location / { proxy_pass http://$app:8096/; }"


def claims(lines: str, path: str = "/api/items", status: int = 200) -> list[Claim]:
    text = f"server {{\n listen 443 ssl;\n server_name shop.example.com;\n {lines}\n}}\n"
    response = replace(page(status), url=f"{SHOP.origin}{path}")
    target = replace(SHOP, path=path)
    file = loads(script()), answered(script(), 200, "text/html", is_html=True)
    return judge(CHECK, RUNNING, config(text), response, *file, target=target, masked=False)


def first_step(claim: Claim) -> str:
    return str(claim.fix and claim.fix.steps[0]).replace("\\n", "\n")


def test_fires_where_every_path_becomes_the_root() -> None:
    (claim,) = claims(SITE)
    assert (claim.confidence, claim.severity) == (Confidence.CERTAIN, None)
    assert (claim.facts["asked"], claim.facts["paths"]) == ("/", ("/app.js",))
    assert "location / { proxy_pass http://$app:8096; }" in first_step(claim)


def test_fires_for_a_file_of_the_home_page() -> None:
    (claim,) = claims(SITE, "/")
    assert (claim.severity, claim.facts["path"]) == (Severity.WARNING, "/app.js")


def test_writes_a_rewrite_where_the_prefix_has_to_go() -> None:
    lines = "set $app 127.0.0.1; location /api/ { proxy_pass http://$app:8096/v1/; }"
    (claim,) = claims(lines, status=404)
    assert claim.confidence is Confidence.CERTAIN
    assert not claims(lines), "one page for every path may be meant"
    assert "rewrite ^/api/(.*)$ /v1/$1 break;" in first_step(claim)
    assert "proxy_pass http://$app:8096;" in first_step(claim)


@pytest.mark.parametrize(
    ("prefix", "uri", "rewrite"),
    [
        ("^~ /git", "/", "rewrite ^/git/?(.*)$ /$1 break;"),
        ("/git", "/v1/", "rewrite ^/git/?(.*)$ /v1/$1 break;"),
        ("/git/", "/v1", "rewrite ^/git/(.*)$ /v1/$1 break;"),
        ("/git", "/v1", "rewrite ^/git(.*)$ /v1$1 break;"),
    ],
)
def test_rewrite_neither_doubles_nor_loses_a_slash(prefix: str, uri: str, rewrite: str) -> None:
    lines = f"set $app 127.0.0.1; location {prefix} {{ proxy_pass http://$app:8096{uri}; }}"
    (claim,) = claims(lines, "/git/style.css", status=404)
    assert rewrite in first_step(claim)


@pytest.mark.parametrize(
    "lines",
    [
        SITE.replace("8096/", "8096"),
        SITE.replace("8096/", "8096$request_uri"),
        SITE.replace("$app:8096/", "127.0.0.1:8096/"),
        SITE.replace("location /", "location = /api/items"),
        SITE.replace("location /", "location /api/items"),
        SITE.replace("8096/", "8096/api/items"),
        "location ~ ^/api/(.*)$ { proxy_pass http://127.0.0.1:8096/$1; }",
    ],
)
def test_silent_where_the_path_is_passed_on_or_is_the_only_one(lines: str) -> None:
    assert not [claim for claim in claims(lines) if claim.facts["path"] == "/api/items"]


@pytest.mark.parametrize("file", ["default.png", "index.html"])
def test_silent_where_one_file_is_meant_for_all_paths(file: str) -> None:
    lines = f"set $app 127.0.0.1; location /avatar/ {{ proxy_pass http://$app:8096/{file}; }}"
    assert not claims(lines, "/avatar/anna.png")


def test_fires_on_a_path_in_the_value_of_the_variable() -> None:
    """After pull request 914 of opstrace: "set $backend http://…/" asks for "/" alone."""
    lines = "location / { set $app http://127.0.0.1:8096/; proxy_pass $app; }"
    (claim,) = claims(lines)
    assert claim.facts["value"] == "http://127.0.0.1:8096/"
    assert "set $app http://127.0.0.1:8096; proxy_pass $app;" in first_step(claim)


def test_fires_on_a_path_behind_a_variable_with_the_scheme() -> None:
    """After pull request 2749 of pwntools: "set $libcdb http://…; proxy_pass $libcdb/;"."""
    lines = "location / { set $app http://127.0.0.1:8096; proxy_pass $app/; }"
    (claim,) = claims(lines)
    assert (claim.facts["asked"], claim.facts["target"]) == ("/", "$app/")
    assert "set $app http://127.0.0.1:8096; proxy_pass $app; }" in first_step(claim)


@pytest.mark.parametrize(
    "value", ["http://127.0.0.1:8096$request_uri", "http://127.0.0.1:8096/v1", "$other"]
)
def test_silent_where_the_variable_may_have_the_path(value: str) -> None:
    assert not claims(f"location / {{ set $app {value}; proxy_pass $app/; }}")


def test_writes_the_rewrite_behind_the_variable() -> None:
    lines = "location /api/ { set $app http://127.0.0.1:8096/; proxy_pass $app; }"
    (claim,) = claims(lines, status=404)
    step = first_step(claim)
    assert step.index("set $app http://127.0.0.1:8096;") < step.index("rewrite ^/api/(.*)$ /$1")


def test_fires_where_an_address_below_a_folder_gets_data_of_the_root() -> None:
    text = (
        "server {\n listen 443 ssl;\n server_name shop.example.com;\n location / {\n"
        "  set $app http://127.0.0.1:8096/;\n  proxy_pass $app;\n }\n}\n"
    )
    response = replace(
        page(200), url=f"{SHOP.origin}/v1/labels", headers=(("Content-Type", "text/plain"),)
    )
    target = replace(SHOP, path="/v1/labels")
    (claim,) = judge(CHECK, RUNNING, config(text), response, target=target, masked=False)
    assert (claim.confidence, claim.severity) == (Confidence.LIKELY, Severity.WARNING)
    shown = replace(response, headers=(("Content-Type", "text/html; charset=utf-8"),))
    assert not judge(CHECK, RUNNING, config(text), shown, target=target, masked=False)


def test_silent_on_a_variable_without_a_path_and_on_two_of_one_name() -> None:
    assert not claims("location / { set $app http://127.0.0.1:8096; proxy_pass $app; }")
    two = "set $app http://127.0.0.1:1/; location / { set $app http://127.0.0.1:2/; "
    assert not claims(f"{two}proxy_pass $app; }}", status=404)
