"""http.policy-limits-page: when it fires, and when it is silent."""

from dataclasses import replace

import pytest

from diagnose.model import Edit
from diagnose.model.http import Exchange
from diagnose.model.symptom import Symptom
from tests.support.check_evidence import SHOP, judge
from tests.support.nginx_evidence import RUNNING, SITE, config
from tests.support.page_errors import page

CHECK = "http.policy-limits-page"
SCRIPTS = (
    "Blocked script execution in 'https://shop.example.com/' because the document's frame is "
    "sandboxed and the 'allow-scripts' permission is not set."
)
TRUSTED = "Failed to set the 'innerHTML' property: This document requires 'TrustedHTML' assignment."
SANDBOX = "sandbox allow-forms; default-src 'self'"
REQUIRED = "default-src 'self'; require-trusted-types-for 'script'"


def answers(policy: str) -> Exchange:
    return replace(page(200), headers=(("Content-Security-Policy", policy),))


@pytest.mark.parametrize(
    ("words", "policy", "changed"),
    [
        (SCRIPTS, SANDBOX, "\"default-src 'self'; sandbox allow-forms allow-scripts\""),
        (TRUSTED, REQUIRED, "\"default-src 'self'\""),
    ],
)
def test_fires_and_changes_the_policy(words: str, policy: str, changed: str) -> None:
    line = f'add_header Content-Security-Policy "{policy}" always;'
    text = SITE.replace("proxy_pass", f"{line}\n        proxy_pass", 1)
    target = replace(SHOP, symptom=Symptom("csp", words))
    (claim,) = judge(CHECK, answers(policy), RUNNING, config(text), target=target, masked=False)
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert f"+        add_header Content-Security-Policy {changed} always;" in edit.diff


def test_silent_without_the_limit_or_the_message() -> None:
    target = replace(SHOP, symptom=Symptom("csp", SCRIPTS))
    for policy in ("sandbox allow-scripts", "default-src 'self'"):
        assert not judge(CHECK, answers(policy), target=target, masked=False)
    assert not judge(CHECK, answers(SANDBOX))
