"""http.redirect-named: when it fires, and when it is silent."""

from dataclasses import replace

import pytest

from diagnose.model import Applicability, Confidence, Edit
from diagnose.model.http import Exchange
from diagnose.model.symptom import Symptom
from tests.support.check_evidence import SHOP, judge
from tests.support.nginx_evidence import HOST, RUNNING, SITE, config
from tests.support.web_server_evidence import APACHE, HTTPS, LISTENING, apache_config

CHECK = "http.redirect-named"
URL, ONWARD = "https://shop.example.com/pass", "https://shop.example.com/pass/"
WORDS = f"nginx adds a slash to {URL} and redirects it to {ONWARD}."
PASS = "    location /pass/ {\n        proxy_pass http://127.0.0.1:8000/;\n    }\n"
WITH_PASS = config(SITE.replace("    location / {", f"{PASS}    location / {{"))
RULED = config(
    SITE.replace("    location / {", f"    rewrite ^/pass$ {ONWARD} permanent;\n    location / {{")
)


def asked(words: str = WORDS, path: str = "/pass"):  # type: ignore[no-untyped-def]
    return replace(SHOP, path=path, symptom=Symptom("wrong-address", words))


def answer(location: str = ONWARD, status: int = 301) -> Exchange:
    return Exchange(
        url=URL, address="203.0.113.10", port=443, status=status, headers=(("Location", location),)
    )


def test_fires_for_the_slash_of_a_location_that_passes_on() -> None:
    (claim,) = judge(CHECK, HOST, RUNNING, WITH_PASS, answer(), target=asked())
    assert claim.confidence is Confidence.LIKELY
    assert claim.facts["line"] == "location /pass/"
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+    location = /pass {\n+        proxy_pass http://127.0.0.1:3000;" in edit.diff


def test_fires_for_a_line_that_redirects() -> None:
    (claim,) = judge(CHECK, HOST, RUNNING, RULED, answer(), target=asked())
    assert claim.facts["line"] == f"rewrite ^/pass$ {ONWARD} permanent"
    assert not claim.facts["slash"]


@pytest.mark.parametrize(
    "words",
    [
        "links redirect to a wrong address",
        f"{URL} redirects to https://shop.example.com/other/",
        f"the redirect to {ONWARD} does not come",
    ],
)
def test_silent_where_the_words_name_no_such_redirect(words: str) -> None:
    assert not judge(CHECK, HOST, RUNNING, WITH_PASS, answer(), target=asked(words))


@pytest.mark.parametrize(
    "line", ["Redirect 301 /pass /pass/", "RewriteRule ^/pass$ /pass/ [R=301]"]
)
def test_fires_for_a_line_of_apache(line: str) -> None:
    site = HTTPS.replace("</VirtualHost>", f"    {line}\n</VirtualHost>")
    own = apache_config(site)
    (claim,) = judge(CHECK, HOST, APACHE, own, LISTENING, answer(), target=asked(), masked=False)
    assert claim.facts["line"] == line
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


def test_silent_where_the_application_redirects() -> None:
    assert not judge(CHECK, HOST, RUNNING, config(), answer(), target=asked())


def test_silent_without_words_and_without_the_redirect() -> None:
    assert not judge(CHECK, HOST, RUNNING, WITH_PASS, answer(), target=replace(SHOP, path="/pass"))
    assert not judge(CHECK, HOST, RUNNING, WITH_PASS, answer(status=200), target=asked())
