"""Findings from files that nginx has not loaded, or refuses."""

from dataclasses import replace

import pytest

from diagnose.checking.loaded_config import as_loaded
from diagnose.checking.texts import check_text, fill
from diagnose.i18n import LANGUAGES
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Edit,
    Evidence,
    Fix,
    Location,
    Manual,
    Observation,
    Subject,
    Where,
)
from diagnose.model.nginx import NginxConfig
from diagnose.parsers.nginx.edits import diff
from tests.support.check_evidence import NOW, SHOP
from tests.support.nginx_evidence import FILE, LOADED, RUNNING, SITE, config, nginx_says
from tests.support.report_builder import check
from tests.support.upstream_evidence import logged, page

REFUSED, PASSED = nginx_says("unexpected end of file"), nginx_says()
PATCH = Fix((Edit(FILE, "--- a\n+++ a\n@@ -1 +1 @@\n-http {\n+http { # a\n"),))
NEWER = config(changed=LOADED + 60)
ANSWER = page(502)


def claim(*because: Observation, fix: Fix | None = None) -> Claim:
    return Claim(about=Subject(port=443), because=because, fix=fix, location=Location(FILE, 3))


def weighed(made: Claim, *seen: Observation, explains: str = "") -> Claim:
    names = (explains,) if explains else ()
    evidence = Evidence(SHOP, NOW, (RUNNING, *seen))
    return as_loaded(evidence, replace(check("upstream.x"), explains=names), made)


def steps_of(made: Claim) -> list[str]:
    """The step that stands in the place of a patch, in each language."""
    step = "change-by-hand"
    return [
        fill(check_text("tcp.refused", lang).steps[step], made.facts, lang) for lang in LANGUAGES
    ]


@pytest.mark.parametrize(
    ("because", "test", "explains", "kept"),
    [
        ((), REFUSED, "", False),
        ((), PASSED, "", True),
        ((REFUSED,), REFUSED, "", True),
        ((), REFUSED, "nginx.config-invalid", True),
    ],
    ids=["refused", "valid", "the check that says why", "a cause of the error"],
)
def test_a_patch_of_files_that_nginx_refuses(
    because: tuple[Observation, ...], test: Observation, explains: str, kept: bool
) -> None:
    made = weighed(claim(*because, fix=PATCH), config(), test, explains=explains)
    assert made.fix is not None
    assert bool(made.fix.edits) is kept
    assert made.facts.get("patch_refused_now", False) is not kept
    if not kept:
        assert all("`http { # a`" in text for text in steps_of(made))


def test_a_patch_of_another_file_stays() -> None:
    other = Fix((Edit("/etc/hosts", "--- a\n+++ a\n@@ -1 +1 @@\n-a\n+b\n"),))
    assert weighed(claim(fix=other), config(), REFUSED).fix is other


@pytest.mark.parametrize(
    ("because", "files", "confidence"),
    [
        ((ANSWER,), NEWER, Confidence.LIKELY),
        ((ANSWER,), config(), Confidence.CERTAIN),
        ((ANSWER, logged("connect() failed")), NEWER, Confidence.CERTAIN),
        ((NEWER,), NEWER, Confidence.CERTAIN),
        ((ANSWER, REFUSED), NEWER, Confidence.CERTAIN),
    ],
    ids=["newer", "loaded", "nginx's log says it", "the files alone", "refused"],
)
def test_how_sure_a_finding_is_that_explains_an_answer(
    because: tuple[Observation, ...], files: NginxConfig, confidence: Confidence
) -> None:
    assert weighed(claim(*because), files).confidence is confidence


@pytest.mark.parametrize(
    ("after", "kept"),
    [
        (SITE.replace("http://127.0.0.1:3000;", "http://127.0.0.1:3001;"), True),
        (SITE.replace("http://127.0.0.1:3000;", "http://127.0.0.1:3000"), False),
    ],
    ids=["another port", "a semicolon that was lost"],
)
def test_a_patch_that_nginx_would_refuse_is_not_shown(after: str, kept: bool) -> None:
    before = f"http {{\n{SITE}}}\n"
    patch = Fix((Edit(FILE, diff(FILE, before, f"http {{\n{after}}}\n")),))
    made = weighed(claim(fix=patch), config())
    assert made.fix is not None
    assert bool(made.fix.edits) is kept
    step = Manual("change-by-hand", Where.SERVER)
    assert kept or made.fix == Fix((step,), Applicability.MANUAL)
    lines = ("proxy_pass http://127.0.0.1:3000", "proxy_pass http://127.0.0.1:3000;")
    told = (made.facts.get("patch_added"), made.facts.get("patch_removed"))
    assert told == ((None, None) if kept else lines)
    if not kept:
        assert all("`proxy_pass http://127.0.0.1:3000`" in text for text in steps_of(made))


@pytest.mark.parametrize(
    ("line", "kept"),
    [("    real_ip_header X-Real-IP;\n", True), ("    real_ip_header A;\n" * 2, False)],
    ids=["one line", "a second one, which nginx refuses"],
)
def test_a_refused_patch_beside_words_leaves_the_words(line: str, kept: bool) -> None:
    before = f"http {{\n{SITE}}}\n"
    after = before.replace("    location / {", f"{line}    location / {{", 1)
    assert after != before
    step = Manual("real-ip", Where.SERVER, commands=(Edit(FILE, diff(FILE, before, after)),))
    fix = weighed(claim(fix=Fix((step,), Applicability.MANUAL)), config()).fix
    assert fix is not None
    assert bool(fix.edits) is kept
    assert len(fix.steps) == 1


def test_a_patch_that_does_not_fit_the_file_is_not_shown() -> None:
    patch = Fix((Edit(FILE, "--- a\n+++ a\n@@ -1 +1 @@\n-a\n+b\n"),))
    made = weighed(claim(fix=patch), config())
    assert made.fix is not None
    assert not made.fix.edits
