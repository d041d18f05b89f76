"""http.worker-out-of-folder: when it fires, and when it is silent."""

from dataclasses import replace

import pytest

from diagnose.model import Target
from diagnose.model.http import Exchange
from diagnose.model.pages import PageFile
from diagnose.model.symptom import Symptom
from tests.support.check_evidence import SHOP, judge
from tests.support.nginx_evidence import RUNNING, SITE, config
from tests.support.page_errors import page
from tests.support.page_evidence import answered

CHECK = "http.worker-out-of-folder"
SCRIPT = "/static/sw.js"
WORDS = (
    "The path of the provided scope ('/') is not under the max scope allowed ('/static/'). Adjust"
    " the scope, move the Service Worker script, or use the Service-Worker-Allowed HTTP header"
)


def told(words: str = WORDS) -> Target:
    return replace(SHOP, path=SCRIPT, symptom=Symptom("other", words))


def answer(*fields: tuple[str, str], status: int = 200) -> Exchange:
    kind = ("Content-Type", "text/javascript")
    return replace(page(status), url=f"https://shop.example.com{SCRIPT}", headers=(kind, *fields))


def test_fires_on_a_script_without_the_field() -> None:
    """After issue 985 of GoogleChrome/workbox: the worker lies with the other static files."""
    (claim,) = judge(CHECK, answer(), target=told(), masked=False)
    assert claim.facts["scope"] == "/"
    assert claim.facts["folder"] == "/static/"
    assert claim.is_reported


def test_fires_on_the_script_that_the_page_registers() -> None:
    """The message names no address: the page is the target."""
    target = replace(told(), path="/")
    worker = answered(PageFile("worker", f"https://shop.example.com{SCRIPT}"))
    (claim,) = judge(CHECK, page(200), worker, target=target, masked=False)
    assert claim.facts["script"] == f"https://shop.example.com{SCRIPT}"


def test_fires_on_another_scope() -> None:
    sent = answer(("Service-Worker-Allowed", "/static/"))
    (claim,) = judge(CHECK, sent, target=told(), masked=False)
    assert claim.facts["allowed"] == "/static/"


@pytest.mark.parametrize(
    "words",
    [
        WORDS.replace("('/static/')", "(set by Service-Worker-Allowed: '/static/')"),
        "The path of the provided scope ‘https://shop.example.com/’ is not under the max scope"
        " allowed ‘/static/’. Adjust the scope",
    ],
)
def test_fires_on_the_words_of_other_versions_and_browsers(words: str) -> None:
    """After issues 2106 of code-server and 1117 of shamichan."""
    (claim,) = judge(CHECK, answer(), target=told(words), masked=False)
    assert (claim.facts["scope"], claim.facts["folder"]) == ("/", "/static/")


def test_the_field_of_the_application_is_replaced() -> None:
    sent = answer(("Service-Worker-Allowed", "/static/"))
    (claim,) = judge(CHECK, sent, RUNNING, config(SITE), target=told(), masked=False)
    assert claim.fix
    assert "+        proxy_hide_header Service-Worker-Allowed;" in str(claim.fix).replace(
        "\\n", "\n"
    )


@pytest.mark.parametrize(
    ("response", "words"),
    [
        (answer(("Service-Worker-Allowed", "/")), WORDS),
        (answer(), "Service-Worker-Allowed"),
        (answer(), WORDS.replace("'/static/'", "'/js/'")),
        (answer(status=404), WORDS),
    ],
)
def test_silent(response: Exchange, words: str) -> None:
    assert not judge(CHECK, response, target=told(words))
