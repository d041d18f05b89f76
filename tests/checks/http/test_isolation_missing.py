"""http.isolation-missing: when it fires, and when it is silent."""

from dataclasses import replace

import pytest

from diagnose.model import Confidence, Target
from diagnose.model.http import Exchange
from diagnose.model.symptom import Symptom
from tests.support.check_evidence import SHOP, judge
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
