from dataclasses import replace
from datetime import timedelta

import pytest

from diagnose.checking.registry import load_check
from diagnose.model import (
    Applicability,
    Edit,
    Finding,
    Fix,
    Manual,
    Severity,
    Where,
)
from diagnose.model.tls import Certificate, Handshake
from diagnose.model.view import View
from diagnose.outputs import finding_text
from diagnose.outputs.certificate_text import certificate_validity
from diagnose.outputs.text import render
from tests.support.report_builder import (
    healthy,
    mended,
    refused,
)

FRAMES = "http.framing-refused"


def test_verify_repeats_what_the_run_was_asked_for() -> None:
    target = replace(healthy().evidence.target, websockets=("/ws",))
    told = replace(refused(), evidence=replace(refused().evidence, target=target))
    made = render(told, View(again=("--server", "ssh://root@203.0.113.10")))
    assert (
        "verify: diagnose https://shop.example.com/ --ws /ws "
        "--server ssh://root@203.0.113.10 --only tcp\n" in made
    )


def test_another_page_is_verified_at_its_own_address() -> None:
    cause = replace(refused().causes[0], claim=replace(refused().causes[0].claim, request="/a b"))
    command = finding_text.verify_command(refused(), cause, View())
    assert command == "diagnose 'https://shop.example.com/a b' --only tcp"


@pytest.mark.parametrize(
    ("days", "words"),
    [
        (1, "valid for 1 more day."),
        (61, "valid for 61 more days."),
        (730, "valid for 730 more days."),
        (355417, "valid until 29"),
        (-6, ""),
    ],
)
def test_a_long_life_is_told_by_its_date_and_its_end_not_at_all(days: int, words: str) -> None:
    good = healthy()
    leaf = Certificate("CN=a", "CN=b", "1", None, good.evidence.started_at + timedelta(days), "aa")
    seen = Handshake(address="203.0.113.10", port=443, chain=(leaf,))
    report = replace(good, evidence=replace(good.evidence, observations=(seen,)))
    validity = certificate_validity(report, "en")
    assert words in validity
    assert bool(words) is bool(validity)
    undated = replace(seen, chain=(replace(leaf, not_after=None),))
    report = replace(good, evidence=replace(good.evidence, observations=(undated,)))
    assert certificate_validity(report, "en") == ""


@pytest.mark.parametrize(
    ("lang", "numbers", "sentence"),
    [
        ("en", {"causes": 1, "symptoms": 2, "notes": 0}, "1 root cause, 2 consequences."),
        ("zh", {"causes": 1, "symptoms": 0, "notes": 3}, "1 个根本原因，3 条提示。"),
    ],
)
def test_what_was_found_is_counted(lang: str, numbers: dict[str, int], sentence: str) -> None:
    assert finding_text.counts_sentence(numbers, lang) == sentence


def test_sentences_are_joined_as_the_language_is_written() -> None:
    assert finding_text.join_sentences("One.", "Two.", "en") == "One. Two."
    assert finding_text.join_sentences("一。", "二。", "zh") == "一。二。"
    assert finding_text.join_sentences("One.", "", "en") == "One."


def test_an_edit_is_a_command_whose_end_stands_in_no_line_of_it() -> None:
    step = Edit("/etc/x y", "DIAGNOSE\n")
    assert finding_text.shell_command(step) == (
        "patch '/etc/x y' <<'DIAGNOSE_'\nDIAGNOSE\nDIAGNOSE_"
    )


def test_the_layer_of_a_cause_is_that_of_its_symptom() -> None:
    made = mended()
    cause, symptom = made.findings
    assert finding_text.symptoms(made, cause) == (symptom,)
    assert finding_text.affected_layer(made, cause) == "tcp"
    assert finding_text.affected_layer(made, symptom) == "tcp"


def test_a_note_is_no_effect_of_a_cause() -> None:
    made = mended()
    cause, symptom = made.findings
    noted = replace(symptom, claim=replace(symptom.claim, severity=Severity.NOTE))
    alone = replace(made, findings=(cause, noted))
    assert finding_text.affected_layer(alone, cause) == cause.check.layer


def test_the_same_fault_at_another_port_is_no_effect_of_a_cause() -> None:
    made = mended()
    cause, symptom = made.findings
    other = replace(cause, id="f3", explained_by=cause.id)
    both = replace(made, findings=(cause, other, symptom))
    assert finding_text.affected_layer(both, cause) == symptom.check.layer


@pytest.mark.parametrize(("lang", "note"), [("en", "Here Apache answers"), ("zh", "的是 Apache")])
def test_the_remedy_says_that_another_program_answers(lang: str, note: str) -> None:
    """Where its words are nginx's: the text of the check, or of a step by hand."""

    def remedy(check_id: str, step: str, program: str) -> str:
        fix = Fix((Manual(step, Where.SERVER),), Applicability.MANUAL)
        facts = {"name": "shop.example.com", **({"other_program": program} if program else {})}
        claim = replace(mended().findings[0].claim, fix=fix, facts=facts)
        return finding_text.remedy(Finding("f1", load_check(check_id), claim), lang)

    assert note in remedy("http.redirect-drops-path", "request-uri", "Apache")
    assert note not in remedy("http.redirect-drops-path", "request-uri", "")
    assert note not in remedy("certificate.self-signed", "get-a-certificate", "Apache"), "own words"
    assert note not in remedy("websocket.idle-timeout", "longer", "Apache"), "it names Apache"
    assert note not in remedy("nginx.config-invalid", "correct", "Apache"), "nginx itself"


def test_the_remedy_has_the_lines_and_commands_of_the_server_that_answers() -> None:
    step = Manual("request-uri", Where.SERVER)
    facts = {
        "name": "shop.example.com", "other_program": "Apache", "other_product": "apache",
        "other_load": "apachectl -t && apachectl graceful",
    }  # fmt: skip
    claim = replace(mended().findings[0].claim, fix=Fix((step,)), facts=facts)
    finding = Finding("f1", load_check("http.redirect-drops-path"), claim)
    line = "`RewriteRule ^ https://%{HTTP_HOST}%{REQUEST_URI} [R=301,L]`"
    assert f"In its configuration it is: {line}" in finding_text.remedy(finding, "en")
    assert line in finding_text.remedy(finding, "zh")
    for lang in ("en", "zh"):
        text = finding_text.manual_text(finding, step, lang)
        assert "`apachectl -t && apachectl graceful`" in text
        assert "nginx -t" not in text


@pytest.mark.parametrize(
    ("check_id", "step", "line"),
    [
        ("http.no-redirect", "redirect", "auto_https off"),
        ("http.page-for-api", "pass-on", "handle /api/*"),
        ("websocket.not-upgraded", "look-inside", "reverse_proxy"),
    ],
)
def test_a_step_has_the_lines_of_the_server_that_answers_alone(
    check_id: str, step: str, line: str
) -> None:
    manual = Manual(step, Where.SERVER)
    for lang in ("en", "zh"):
        any_server = {"name": "shop.example.com", "path": "/ws", "below": "/api/"}
        facts = {**any_server, "web_server": "caddy"}
        claim = replace(mended().findings[0].claim, fix=Fix((manual,)), facts=facts)
        finding = Finding("f1", load_check(check_id), claim)
        text = finding_text.manual_text(finding, manual, lang)
        assert line in text
        assert not any(word in text for word in ("nginx", "apachectl", "haproxy"))
        claim = replace(claim, facts=any_server)
        general = finding_text.manual_text(Finding("f1", finding.check, claim), manual, lang)
        assert all(word in general for word in ("nginx", "apachectl", "haproxy", line))


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_step_about_any_server_is_in_the_words_of_the_one_that_answers(lang: str) -> None:
    step = Manual("cover-the-name", Where.SERVER)
    facts = {
        "name": "shop.example.com", "file": "/etc/ssl/lab/shop.pem", "other_program": "Apache",
        "other_product": "apache", "other_load": "apachectl -t && apachectl graceful",
        "other_config": "/etc/apache2/apache2.conf",
    }  # fmt: skip
    claim = replace(mended().findings[0].claim, fix=Fix((step,)), facts=facts)
    finding = Finding("f1", load_check("certificate.name-mismatch"), claim)
    text = finding_text.manual_text(finding, step, lang) + finding_text.remedy(finding, lang)
    assert "nginx" not in text
    assert "`apachectl -S`" in text
    assert "certbot --apache" in text


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("known", ["nginx", "apache", "haproxy", "caddy", ""])
def test_a_step_names_the_web_server_that_answers_or_all_of_them(lang: str, known: str) -> None:
    step = Manual("allow-the-frame", Where.SERVER)
    facts = {"url": "https://shop.example.com/", **({"web_server": known} if known else {})}
    claim = replace(mended().findings[0].claim, fix=Fix((step,)), facts=facts)
    text = finding_text.manual_text(Finding("f1", load_check(FRAMES), claim), step, lang)
    lines = {
        "nginx": "proxy_hide_header X-Frame-Options;",
        "apache": "Header always unset X-Frame-Options",
        "haproxy": "http-response del-header X-Frame-Options",
        "caddy": "header_down -X-Frame-Options",
    }
    assert {server for server, line in lines.items() if line in text} == (
        {known} if known else set(lines)
    )


def test_a_quoted_failure_is_in_the_language_of_the_text() -> None:
    found = refused().findings[0]
    failed = next(one for one in found.claim.because if one.failure)
    assert failed.failure is not None
    message, name = failed.failure.message, failed.failure.name
    facts = {"a": message, "b": (message, f"{message} ({name})", {"c": message}), "d": "other"}
    quoting = replace(found, claim=replace(found.claim, facts=facts))
    assert finding_text.facts_in(quoting, "en").items() >= facts.items()
    chinese = finding_text.facts_in(quoting, "zh")
    assert {name: chinese[name] for name in facts} == {
        "a": "连接被拒绝 Connection refused",
        "b": (
            "连接被拒绝 Connection refused",
            f"连接被拒绝 Connection refused ({name})",
            {"c": message},
        ),
        "d": "other",
    }
