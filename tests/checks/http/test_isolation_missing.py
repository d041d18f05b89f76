"""http.isolation-missing: when it fires, and when it is silent."""

from dataclasses import replace
from typing import Any

import pytest

from diagnose.model import Confidence, Target
from diagnose.model.http import Exchange
from diagnose.model.symptom import Symptom
from tests.support.check_evidence import SHOP, judge
from tests.support.nginx_evidence import RUNNING, config
from tests.support.page_evidence import loads, script
from tests.support.upstream_evidence import page

CHECK = "http.isolation-missing"
COEP, COOP = "Cross-Origin-Embedder-Policy", "Cross-Origin-Opener-Policy"
WORDS = "Uncaught ReferenceError: SharedArrayBuffer is not defined"
LIBRARY = script("https://cdn.example.net/lib.js")


def answer(*fields: tuple[str, str], status: int = 200) -> Exchange:
    return replace(page(status), headers=fields)


def told(words: str = WORDS) -> Target:
    return replace(SHOP, symptom=Symptom("csp", words))


@pytest.mark.parametrize(
    ("fields", "values"),
    [
        ((), (f"{COOP}: same-origin", f"{COEP}: require-corp")),
        (((COOP, "same-origin"),), (f"{COEP}: require-corp",)),
        (((COEP, "credentialless"),), (f"{COOP}: same-origin",)),
        (((COEP, "unsafe-none"), (COOP, "same-origin")), (f"{COEP}: require-corp",)),
    ],
)
def test_fires_on_a_page_that_is_not_isolated(
    fields: tuple[tuple[str, str], ...], values: tuple[str, ...]
) -> None:
    """After issue 69020 of Godot: "The following features are missing: Cross Origin Isolation"."""
    (claim,) = judge(CHECK, loads(), answer(*fields), target=told())
    assert claim.facts["values"] == values
    assert claim.confidence is Confidence.LIKELY


TWICE = ((COOP, "same-origin"), (COEP, "require-corp")) * 2


def proxied(lines: str) -> tuple[Any, ...]:
    return RUNNING, config(
        "server {\n listen 443 ssl;\n server_name shop.example.com;\n location / {\n"
        f"  proxy_pass http://127.0.0.1:3000;\n{lines} }}\n}}\n"
    )


def test_fires_on_fields_that_nginx_adds_to_the_applications() -> None:
    """After pull request 6477 of Actual: "SharedArrayBufferMissing" behind nginx."""
    lines = f"  add_header {COOP} same-origin always;\n  add_header {COEP} require-corp always;\n"
    (claim,) = judge(CHECK, *proxied(lines), loads(), answer(*TWICE), target=told(), masked=False)
    assert claim.facts["twice"] == (COOP, COEP)
    assert claim.fix
    (edit,) = claim.fix.edits
    assert all(f"proxy_hide_header {name};" in edit.diff for name in (COOP, COEP))
    assert "\n-" not in edit.diff.partition("@@")[2]


def test_fires_on_two_lines_of_nginx() -> None:
    lines = f"  add_header {COOP} same-origin;\n" * 2
    fields = (*TWICE[:2], TWICE[0])
    (claim,) = judge(CHECK, *proxied(lines), loads(), answer(*fields), target=told(), masked=False)
    assert claim.fix
    (edit,) = claim.fix.edits
    assert edit.diff.count("\n-  add_header") == 1


def test_fires_and_leaves_it_to_a_person_where_nginx_adds_another_value() -> None:
    lines = f"  add_header {COOP} unsafe-none;\n"
    fields = (*TWICE[:2], (COOP, "unsafe-none"))
    (claim,) = judge(CHECK, *proxied(lines), loads(), answer(*fields), target=told(), masked=False)
    assert claim.fix
    assert claim.fix.edits == ()


def test_fires_with_the_value_that_lets_files_of_others_in() -> None:
    (claim,) = judge(CHECK, loads(LIBRARY), answer(), target=told(), masked=False)
    assert claim.facts["foreign"] == "https://cdn.example.net/lib.js"
    assert claim.facts["values"] == (f"{COOP}: same-origin", f"{COEP}: credentialless")


def test_fires_with_that_value_for_a_picture_of_others() -> None:
    shown = replace(answer(), body="<p>Tea</p><img alt=Tea src=https://cdn.example.net/tea.png>")
    (claim,) = judge(CHECK, loads(), shown, target=told(), masked=False)
    assert claim.facts["foreign"] == "https://cdn.example.net/tea.png"


def test_silent_where_the_page_is_isolated() -> None:
    fields = (COEP, "require-corp"), (COOP, "same-origin; report-to=x")
    assert not judge(CHECK, loads(), answer(*fields), target=told())


def test_silent_without_such_words_and_on_an_error() -> None:
    assert not judge(CHECK, loads(), answer(), target=SHOP)
    assert not judge(CHECK, loads(), answer(), target=told("Refused to load the script"))
    assert not judge(CHECK, loads(), answer(status=502), target=told())
