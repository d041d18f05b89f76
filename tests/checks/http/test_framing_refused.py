"""http.framing-refused: when it fires, and when it is silent."""

from dataclasses import replace

from diagnose.model.http import Exchange
from diagnose.model.symptom import Symptom
from tests.support.check_evidence import SHOP, judge
from tests.support.nginx_evidence import RUNNING, SITE, config
from tests.support.page_errors import page

CHECK = "http.framing-refused"
PASTED = replace(SHOP, symptom=Symptom("frame", "Refused to display it in a frame"))
DENY = ("X-Frame-Options", "DENY")


def sends(*headers: tuple[str, str]) -> Exchange:
    return replace(page(200), headers=headers)


def test_fires_after_a_pasted_message() -> None:
    (claim,) = judge(CHECK, sends(DENY, ("x-frame-options", "SAMEORIGIN")), target=PASTED)
    assert claim.facts["value"] == "DENY, SAMEORIGIN"
    assert claim.facts["twice"]


def test_fires_on_the_policy_which_comes_first() -> None:
    policy = ("Content-Security-Policy", "default-src 'self'; frame-ancestors 'none'; img-src *")
    (claim,) = judge(CHECK, sends(DENY, policy), target=PASTED, masked=False)
    assert claim.facts["value"] == "frame-ancestors 'none'"


def test_fires_and_names_nginxs_line() -> None:
    added = SITE.replace("proxy_set_header", "add_header X-Frame-Options DENY;\n proxy_set_header")
    (claim,) = judge(CHECK, sends(DENY), RUNNING, config(added), target=PASTED)
    assert claim.facts["added"]
    assert claim.location


def test_silent_without_the_message_or_the_rule() -> None:
    assert not judge(CHECK, sends(DENY))
    assert not judge(CHECK, sends(("Content-Security-Policy", "default-src *")), target=PASTED)
