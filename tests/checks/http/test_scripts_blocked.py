"""http.scripts-blocked: a policy that forbids the scripts in the page itself."""

from dataclasses import replace

import pytest

from diagnose.model import Claim, Confidence, Severity, Target
from diagnose.model.pages import Page
from diagnose.model.symptom import Symptom
from diagnose.parsers.symptoms import symptom_of
from tests.support.check_evidence import SHOP, judge
from tests.support.nginx_evidence import BUILD, RUNNING, SITE, config
from tests.support.page_evidence import answered, script
from tests.support.upstream_evidence import page

CHECK = "http.scripts-blocked"
PAGE = Page(url=SHOP.url, address="203.0.113.10", port=443, inline_scripts=1)
LINE = "    add_header Content-Security-Policy \"default-src 'self'\" always;\n"
PASTED = replace(SHOP, symptom=Symptom("csp", "Refused to execute inline script"))


def claims(policy: str, text: str = SITE, shown: Page = PAGE, target: Target = SHOP) -> list[Claim]:
    answer = replace(page(200), headers=(("Content-Security-Policy", policy),))
    return judge(CHECK, config(text), BUILD, RUNNING, answer, shown, target=target)


def test_fires_where_nginx_adds_the_policy() -> None:
    text = SITE.replace("    location / {", f"{LINE}    location / {{")
    (claim,) = claims("default-src 'self'", text)
    assert claim.facts["place"]
    assert claim.severity is Severity.WARNING


def test_fires_where_the_page_shows_nothing_or_a_message_says_so() -> None:
    (claim,) = claims("script-src 'self'", shown=replace(PAGE, is_empty=True))
    assert claim.severity is Severity.ERROR
    assert claims("script-src 'self'", target=PASTED)


@pytest.mark.parametrize(
    "policy",
    [
        "default-src 'self'; script-src 'self' 'unsafe-inline'",
        "default-src 'self'; script-src-elem 'nonce-abc'",
        "script-src 'sha256-abc'",
        "frame-ancestors 'self'",
    ],
)
def test_silent_where_scripts_are_allowed(policy: str) -> None:
    assert not claims(policy, target=PASTED)


def test_silent_where_the_application_means_it_so() -> None:
    assert not claims("default-src 'self'")
    assert not claims("default-src 'self'", shown=replace(PAGE, inline_scripts=0), target=PASTED)


def test_fires_on_texts_that_a_script_may_not_evaluate() -> None:
    words = (
        "Refused to evaluate a string as JavaScript because 'unsafe-eval' is not an allowed source"
    )
    target = replace(SHOP, symptom=Symptom("csp", words))
    outside = replace(PAGE, inline_scripts=0)
    (claim,) = claims("script-src 'self' 'unsafe-inline'", shown=outside, target=target)
    assert claim.facts["evaluation"]
    assert not claims("script-src 'self' 'unsafe-eval'", shown=outside, target=target)
    assert not claims("img-src 'self'", shown=outside, target=target)


@pytest.mark.parametrize(
    ("words", "keyword"),
    [
        ("Das Dashboard bleibt leer, in der Konsole steht nur EvalError", "'unsafe-eval'"),
        ("控制台报 EvalError，页面空白", "'unsafe-eval'"),
        ("call to Function() blocked by CSP", "'unsafe-eval'"),
        (
            "CompileError: WebAssembly.instantiate(): Refused to compile or instantiate "
            "WebAssembly module because neither 'wasm-eval' nor 'unsafe-eval' is an allowed "
            "source of script",
            "'wasm-unsafe-eval'",
        ),
    ],
)
def test_fires_on_words_about_evaluation(words: str, keyword: str) -> None:
    told = symptom_of(words)
    assert told is not None
    target, outside = replace(SHOP, symptom=told), replace(PAGE, inline_scripts=0)
    (claim,) = claims("default-src 'self' 'unsafe-inline'", shown=outside, target=target)
    assert claim.facts["keyword"] == keyword
    allowed = f"script-src 'self' {keyword}"
    assert not claims(allowed, shown=outside, target=target)
    assert not claims("script-src 'self' 'unsafe-eval'", shown=outside, target=target)


EVALUATING = replace(answered(script()), evaluates=True)
POLICY = "default-src 'self' 'unsafe-inline'"
BLANK = replace(SHOP, symptom=Symptom("blank", "the site is a white screen"))


def evaluated(policy: str, target: Target = BLANK, added: bool = True) -> list[Claim]:
    line = f'    add_header Content-Security-Policy "{policy}" always;\n    location / {{'
    text = SITE.replace("    location / {", line) if added else SITE
    answer = replace(page(200), headers=(("Content-Security-Policy", policy),))
    return judge(CHECK, config(text), BUILD, RUNNING, answer, PAGE, EVALUATING, target=target)


def test_fires_on_a_blank_page_whose_script_may_not_evaluate() -> None:
    (claim,) = evaluated(POLICY)
    assert claim.confidence is Confidence.LIKELY
    assert (claim.facts["script"], claim.facts["name"]) == (EVALUATING.url, "default-src")
    # The scripts of the page itself come first.
    (claim,) = evaluated("default-src 'self'")
    assert not claim.facts["evaluation"]


def test_silent_where_nobody_tells_or_the_application_sets_the_policy() -> None:
    assert not evaluated(POLICY, SHOP)
    assert not evaluated(POLICY, added=False)
    assert not evaluated(f"{POLICY} 'unsafe-eval'")


def test_fires_where_page_and_policy_have_other_nonces() -> None:
    """nginx makes one for its field, and the application another for its page."""
    shown = replace(PAGE, proofs=("'nonce-of-page' 'sha256-a'", "'nonce-b' 'sha256-b'"))

    def judged(policy: str, target: Target = PASTED) -> list[Claim]:
        answer = replace(page(200), headers=(("Content-Security-Policy", policy),))
        # A nonce is masked in a record, and nothing is known of it there.
        return judge(CHECK, answer, shown, target=target, masked=False)

    (claim,) = judged("script-src 'self' 'nonce-b'")
    assert (claim.facts["unproven"], claim.facts["nonce"]) == (1, "of-page")
    assert not judged("script-src 'self' 'nonce-b'", SHOP)
    assert not judged("script-src 'nonce-b' 'nonce-of-page'")
    assert not judged("script-src 'nonce-b' 'sha256-a'")
