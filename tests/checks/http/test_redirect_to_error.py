from dataclasses import replace

import pytest

from diagnose.model import Failure, Severity, Symptom
from tests.support.check_evidence import REFUSED, SHOP, judge
from tests.support.nginx_evidence import RUNNING
from tests.support.nginx_evidence import config as nginx_config
from tests.support.report_builder import ANSWER

CHECK = "http.redirect-to-error"
URL = "https://shop.example.com/app/"
FIRST = replace(ANSWER, status=302, headers=(("Location", "/app/"),))
LAST = replace(ANSWER, url=URL, purpose="redirect", status=404, redirected_from=ANSWER.url)


def test_fires_for_a_page_that_is_not_there_or_fails() -> None:
    (claim,) = judge(CHECK, FIRST, LAST)
    assert (claim.facts["location"], claim.severity) == (URL, Severity.WARNING)
    (claim,) = judge(CHECK, FIRST, replace(LAST, status=502))
    assert claim.severity is None


def test_an_interface_for_programs_without_a_first_page_is_no_fault() -> None:
    json = (("Content-Type", "application/json"),)
    first, last = replace(FIRST, url=URL[:-1]), replace(LAST, headers=json)
    api = replace(SHOP, path="/app")
    (claim,) = judge(CHECK, first, last, target=api)
    assert claim.severity is Severity.NOTE
    told = replace(api, symptom=Symptom("status", "404", 404))
    for others in ((FIRST, last, SHOP), (first, LAST, api), (first, last, told)):
        (claim,) = judge(CHECK, *others[:2], target=others[2])
        assert claim.severity is Severity.WARNING


def test_a_challenge_that_is_nowhere_follows_from_why_it_is_missing() -> None:
    path = "/.well-known/acme-challenge/token"
    (claim,) = judge(CHECK, FIRST, LAST, target=replace(SHOP, path=path))
    assert claim.consequence_of == ("http.acme-challenge-missing",)
    (claim,) = judge(CHECK, FIRST, LAST)
    assert claim.consequence_of == ()


def test_silent_when_the_page_comes_or_wants_a_login() -> None:
    for status in (200, 401, 403):
        assert not judge(CHECK, FIRST, replace(LAST, status=status))


def test_silent_when_it_is_another_sites_or_the_page_itself_fails() -> None:
    other = replace(LAST, url="https://login.example.net/")
    assert not judge(CHECK, FIRST, other)
    assert not judge(CHECK, replace(FIRST, status=500), LAST)


@pytest.mark.parametrize(
    "failure", [REFUSED, Failure("certificate", "expired"), Failure("timeout", "timed out")]
)
def test_fires_where_http_leads_to_https_and_nothing_opens_there(failure: Failure) -> None:
    plain = replace(
        ANSWER, url="http://shop.example.com/", port=80, status=301,
        headers=(("Location", "https://shop.example.com/"),),
    )  # fmt: skip
    failed = replace(
        LAST, url="https://shop.example.com/", status=None, failure=failure, port=443,
        redirected_from=plain.url,
    )  # fmt: skip
    target = replace(SHOP, scheme="http", port=80)
    (claim,) = judge(CHECK, plain, failed, target=target)
    assert (claim.facts["status"], claim.facts["message"]) == ("", failure.message)
    assert claim.severity is None
    for works in (replace(failed, failure=None, status=200), replace(failed, status=200)):
        assert not judge(CHECK, plain, works, target=target)
    other = replace(failed, url="https://www.example.net/")
    assert not judge(CHECK, plain, other, target=target)


def test_fires_where_the_page_behind_does_not_answer() -> None:
    (claim,) = judge(CHECK, FIRST, replace(LAST, status=None, failure=REFUSED))
    assert claim.facts["message"] == REFUSED.message


def test_fires_where_http_leads_to_https_on_its_own_port() -> None:
    """After issue 205 of your-first-pwapp: the application forces https and has no TLS."""
    url, target = "http://shop.example.com:8000/", replace(SHOP, scheme="http", port=8000)
    location = "https://shop.example.com:8000/"
    plain = replace(ANSWER, url=url, port=8000, status=301, headers=(("Location", location),))
    failed = replace(
        LAST, url=location, status=None, failure=Failure("protocol", "not TLS"),
        port=8000, redirected_from=url,
    )  # fmt: skip
    (claim,) = judge(CHECK, plain, failed, target=target)
    assert claim.facts["plain_port"] == 8000
    other_port = replace(failed, url="https://shop.example.com:8443/", port=8443, failure=REFUSED)
    (claim,) = judge(CHECK, plain, other_port, target=target)
    assert claim.facts["plain_port"] == ""
    assert not judge(CHECK, plain, replace(failed, failure=None, status=200), target=target)


def test_fires_and_names_the_folder_that_the_redirect_lacks() -> None:
    target = replace(SHOP, path="/app/")
    first = replace(ANSWER, url=URL, status=302, headers=(("Location", "/login"),))
    last = replace(LAST, url="https://shop.example.com/login", redirected_from=URL)
    served = replace(ANSWER, url=f"{URL}login", purpose="folder", status=200)
    unknown = replace(ANSWER, url=f"{URL}login-no-such", purpose="unknown", status=404)
    (claim,) = judge(CHECK, first, last, served, unknown, target=target)
    assert (claim.facts["prefix"], claim.facts["right"]) == ("/app/", "/app/login")
    (claim,) = judge(CHECK, first, last, served, replace(unknown, status=200), target=target)
    assert claim.facts["prefix"] == "", "the application has a page for every path"


OWN = "server {\n listen 443 ssl;\n server_name shop.example.com;\n %s\n}\n"


def test_names_the_line_of_nginx_that_makes_the_redirect() -> None:
    text = OWN % "location = / { return 302 https://$host/app/; }"
    (claim,) = judge(CHECK, FIRST, LAST, nginx_config(text), RUNNING)
    assert claim.facts["line"] == "return 302 https://$host/app/"
    assert not claim.facts["rewriter"]
    assert claim.location


@pytest.mark.parametrize(
    "lines",
    ["location = / { return 302 /app/; }", "rewrite ^/$ /app/ redirect;"],
    ids=["return", "rewrite"],
)
def test_names_a_line_that_has_a_path_alone(lines: str) -> None:
    """nginx completes it with the visitor's scheme and name (absolute_redirect)."""
    (claim,) = judge(CHECK, FIRST, LAST, nginx_config(OWN % lines), RUNNING)
    assert str(claim.facts["line"]) in lines
    assert claim.location
    elsewhere = nginx_config(OWN % lines.replace("/app/", "/other/"))
    (claim,) = judge(CHECK, FIRST, LAST, elsewhere, RUNNING)
    assert not claim.facts["line"]


def test_removes_a_proxy_redirect_that_makes_the_address() -> None:
    line = "proxy_redirect ~^/(.*)$ https://$host/app/$1;"
    text = OWN % f"location / {{\n  proxy_pass http://127.0.0.1:3000;\n  {line}\n }}"
    (claim,) = judge(CHECK, FIRST, LAST, nginx_config(text), RUNNING, masked=False)
    assert claim.facts["rewriter"]
    assert claim.fix
    assert f"-  {line}" in str(claim.fix.steps[0]).replace("\\n", "\n")
    for other in ("proxy_redirect default;", "proxy_redirect http://a/ https://$host/;"):
        (claim,) = judge(CHECK, FIRST, LAST, nginx_config(text.replace(line, other)), RUNNING)
        assert not claim.facts["line"]
