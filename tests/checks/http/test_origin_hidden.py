"""http.origin-hidden: Referrer-Policy no-referrer, and an application that checks the origin."""

from dataclasses import replace

from diagnose.model import Applicability, Claim, Confidence, Edit, Manual
from diagnose.model.http import Exchange
from diagnose.model.symptom import Symptom
from tests.support.check_evidence import SHOP, judge
from tests.support.nginx_evidence import BUILD, RUNNING, SITE, config
from tests.support.upstream_evidence import page

CHECK = "http.origin-hidden"
NULL = "Origin checking failed - null does not match any trusted origins."
HIDING = replace(page(200), headers=(("Referrer-Policy", "no-referrer"),))
LINE = "    add_header Referrer-Policy no-referrer always;\n"


def claims(answer: Exchange, words: str = "", text: str = SITE) -> list[Claim]:
    symptom = Symptom("csrf", words) if words else None
    return judge(CHECK, config(text), BUILD, RUNNING, answer, target=replace(SHOP, symptom=symptom))


def test_fires_after_a_message_and_changes_the_line() -> None:
    (claim,) = claims(HIDING, NULL, SITE.replace("    location", f"{LINE}    location", 1))
    assert claim.confidence is Confidence.CERTAIN
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+    add_header Referrer-Policy strict-origin-when-cross-origin always;" in edit.diff


def test_fires_for_a_form_that_was_refused_and_the_application_sends_it() -> None:
    refused = replace(HIDING, method="POST", status=403, body="CSRF verification failed.")
    (claim,) = claims(refused)
    assert claim.confidence is Confidence.LIKELY
    assert claim.fix
    assert isinstance(claim.fix.steps[0], Manual)


def test_silent_without_a_refused_form() -> None:
    assert not claims(HIDING)


def test_silent_for_another_policy() -> None:
    policy = (("Referrer-Policy", "no-referrer, strict-origin-when-cross-origin"),)
    assert not claims(replace(HIDING, headers=policy), NULL)
