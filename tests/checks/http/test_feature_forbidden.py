"""http.feature-forbidden: when it fires, and when it is silent."""

from dataclasses import replace

import pytest

from diagnose.model import Applicability, Confidence, Symptom
from diagnose.model.http import Exchange
from tests.support.check_evidence import SHOP, judge
from tests.support.nginx_evidence import RUNNING, SITE, config
from tests.support.page_evidence import answered, loads, script
from tests.support.upstream_evidence import page

CHECK = "http.feature-forbidden"
NONE = "camera=(), microphone=(), geolocation=()"


def answer(policy: str, name: str = "Permissions-Policy") -> Exchange:
    return replace(page(200), headers=((name, policy),))


def test_fires_on_a_script_that_records() -> None:
    observations = loads(script()), answered(script(), features=("microphone",)), answer(NONE)
    (claim,) = judge(CHECK, *observations, masked=False)
    assert claim.confidence is Confidence.LIKELY
    assert claim.facts["feature"] == "microphone"
    assert claim.facts["source"] == "https://shop.example.com/app.js"
    assert claim.facts["corrected"] == "microphone=(self)"


def test_fires_on_a_page_that_takes_pictures_or_sound() -> None:
    (claim,) = judge(CHECK, loads(features=("camera-or-microphone",)), answer(NONE))
    assert (claim.facts["feature"], claim.facts["others"]) == ("camera", ("microphone",))


def test_fires_and_changes_nginxs_line() -> None:
    header = f'add_header Permissions-Policy "{NONE}" always;\n        proxy_set_header'
    line = config(SITE.replace("proxy_set_header", header, 1))
    (claim,) = judge(CHECK, RUNNING, line, loads(features=("geolocation",)), answer(NONE))
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    changed = '"camera=(), microphone=(), geolocation=(self)" always;'
    assert changed in str(claim.fix.steps[0])


def test_silent_where_the_page_may_or_does_not_ask() -> None:
    records = loads(features=("microphone",))
    assert not judge(CHECK, records, answer("camera=(), microphone=(self)"))
    assert not judge(CHECK, records, answer("microphone 'none'"))
    assert not judge(CHECK, records, answer(NONE, "X-Permissions"))
    assert not judge(CHECK, loads(script()), answer(NONE))


def test_fires_on_the_older_field() -> None:
    records = loads(features=("microphone",))
    old = "camera 'none'; microphone 'none'"
    (claim,) = judge(CHECK, records, answer(old, "Feature-Policy"), masked=False)
    assert claim.facts["name"] == "Feature-Policy"
    assert not judge(CHECK, records, answer("microphone 'self'", "Feature-Policy"), masked=False)


@pytest.mark.parametrize(
    ("words", "policy", "feature"),
    [
        ("[Violation] Geolocation access has been blocked because of a permissions policy applied "
         "to the current document.", NONE, "geolocation"),
        ("Permissions policy violation: autoplay is not allowed in this document.", "autoplay=()",
         "autoplay"),
        ("Permissions policy violation: unload is not allowed in this document.", NONE, ""),
        ("Permissions policy violation: geolocation is not allowed", "geolocation=(self)", ""),
        ("the geolocation of our shop is wrong", NONE, ""),
    ],
)  # fmt: skip
def test_a_message_names_what_a_later_script_uses(words: str, policy: str, feature: str) -> None:
    target = replace(SHOP, symptom=Symptom("csp", words))
    claims = judge(CHECK, loads(script()), answer(policy), target=target, masked=False)
    assert [claim.facts["feature"] for claim in claims] == ([feature] if feature else [])
    assert not any(claim.facts["source"] for claim in claims)
