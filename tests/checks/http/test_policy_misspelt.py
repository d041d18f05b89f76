"""http.policy-misspelt: when it fires, and when it is silent."""

from dataclasses import replace
from typing import Any

import pytest

from diagnose.model import Applicability, Confidence, Target
from diagnose.model.http import Exchange
from diagnose.model.symptom import Symptom
from tests.support.check_evidence import SHOP, judge
from tests.support.nginx_evidence import RUNNING, SITE, config
from tests.support.page_evidence import loads, script
from tests.support.upstream_evidence import page

CHECK = "http.policy-misspelt"
WORDS = "Content Security Policy: Couldn’t process unknown directive ‘default-src:’"


def answer(*policies: str) -> Exchange:
    fields = tuple(("Content-Security-Policy", policy) for policy in policies)
    return replace(page(200), headers=fields)


def told(words: str = WORDS) -> Target:
    return replace(SHOP, symptom=Symptom("csp", words))


def added(policy: str) -> tuple[Any, ...]:
    line = f'add_header Content-Security-Policy "{policy}";'
    return RUNNING, config(SITE.replace("    location / {", f"    {line}\n    location / {{"))


def test_fires_on_a_name_with_a_colon() -> None:
    """After issue 145 of mozilla/send."""
    policy = "default-src: 'none'; script-src 'self'"
    (claim,) = judge(CHECK, loads(), answer(policy), *added(policy), target=told(), masked=False)
    assert claim.confidence is Confidence.CERTAIN
    assert (claim.facts["written"], claim.facts["name"]) == ("default-src:", True)
    assert claim.fix
    (edit,) = claim.fix.edits
    assert "default-src 'none'; script-src 'self'\";" in edit.diff
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW


def test_fires_without_a_message_where_the_keyword_blocks_the_sites_script() -> None:
    policy = "script-src self"
    (claim,) = judge(CHECK, loads(script()), answer(policy), *added(policy), masked=False)
    assert claim.facts["keyword"] is True
    assert claim.fix
    (edit,) = claim.fix.edits
    assert "script-src 'self'" in edit.diff


def test_fires_and_says_what_the_application_is_to_write() -> None:
    (claim,) = judge(
        CHECK,
        loads(),
        answer("defualt-src 'self'"),
        target=told(WORDS.replace("default-src:", "defualt-src")),
        masked=False,
    )
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL
    assert claim.facts["corrected"] == "default-src 'self'"


@pytest.mark.parametrize(
    "policies",
    [
        ("default-src 'self'",),
        ("default-src: 'self'", "img-src *"),
        ("default-src: 'self', img-src *",),
        (),
    ],
)
def test_silent_on_a_policy_without_a_slip_and_on_several(policies: tuple[str, ...]) -> None:
    assert not judge(CHECK, loads(), answer(*policies), target=told())


def test_silent_without_a_message_where_nothing_is_blocked() -> None:
    assert not judge(CHECK, loads(script()), answer("report_uri /csp; script-src 'self'"))
    other = script("https://cdn.example.net/vue.js")
    assert not judge(CHECK, loads(other), answer("script-src self"))


@pytest.mark.parametrize(
    ("policy", "words"),
    [
        (
            "script-src 'self'; img-src 'self' data",
            "script-src 'self' blocks https://cdn.example/a",
        ),
        ("default-src self", "Refused to load a script: the directive is \"script-src 'self'\""),
        ("script-src 'self' style-src *", "Refused: violates script-src 'self'"),
    ],
)
def test_silent_where_the_message_is_about_another_part(policy: str, words: str) -> None:
    assert not judge(
        CHECK, loads(), answer(policy), *added(policy), target=told(words), masked=False
    )


def test_fires_on_the_words_of_chrome_about_a_semicolon() -> None:
    policy = "script-src 'self' style-src *"
    words = "contains 'style-src' as a source expression (note the semicolon)"
    assert judge(CHECK, loads(), answer(policy), *added(policy), target=told(words), masked=False)
