"""The report for a person. The golden files are what a person reads: read them."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from diagnose.model import Confidence, Edit, Fix, Manual, Report, Severity, Symptom, Where
from diagnose.model.dns import Resolution
from diagnose.model.view import View
from diagnose.outputs import html, markdown
from diagnose.outputs.terminal import Page, cell_len
from diagnose.outputs.text import add_explanation, render
from tests.support.report_builder import (
    CLOSED,
    NAME,
    check,
    healthy,
    mended,
    refusal,
    refused,
    report,
)

GOLDEN = Path(__file__).parent / "golden"
REPORTS = {"healthy": healthy, "refused": refused, "mended": mended}


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("name", REPORTS)
def test_reads_like_this(name: str, lang: str) -> None:
    assert render(REPORTS[name](), View(lang=lang)) == (GOLDEN / f"{name}.{lang}.txt").read_text()


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("width", [40, 60, 80, 100, 200])
@pytest.mark.parametrize("name", REPORTS)
def test_prose_keeps_to_the_width_and_commands_are_whole(name: str, width: int, lang: str) -> None:
    made = render(REPORTS[name](), View(lang=lang, width=width, verbosity=2))
    for line in made.splitlines():
        unbroken = " " not in line.strip() or "$ " in line or "diagnose " in line
        unbroken = unbroken or line.startswith(("---", "+++", "  -->"))
        assert unbroken or cell_len(line) <= min(width, 100), line
    if name == "mended":
        assert "    $ nginx -s reload\n" in made


def test_the_verdict_comes_first_and_alone_when_quiet() -> None:
    loud, quiet = render(refused(), View()), render(refused(), View(verbosity=-1))
    assert loud.splitlines()[0] == quiet.strip()
    assert quiet.startswith("✗ CRITICAL  Port 443 of 203.0.113.10 is shut")


def test_a_diff_can_be_pasted_as_printed() -> None:
    made = render(mended(), View())
    assert "    $ patch /etc/nginx/conf.d/shop.conf <<'DIAGNOSE'\n--- /etc/nginx" in made
    assert "\n }\nDIAGNOSE\n" in made


def test_a_diff_keeps_its_tabs_and_the_blank_at_the_end_of_a_line() -> None:
    edit = Edit("a", "--- a\n+++ a\n@@ -1,2 +1,2 @@\n \n-\tx \n+\ty\n")
    made = render(_with(Fix((edit,))), View(color=True))
    assert "\n \n" in made
    assert "-\tx \x1b[0m\n" in made


def _with(fix: Fix, **fields: object) -> Report:
    return report(NAME, CLOSED, raised=((check("tcp.door-shut"), refusal(fix=fix, **fields)),))


def test_a_manual_step_says_where_and_what() -> None:
    made = render(_with(Fix((Manual("ask", Where.DNS_PROVIDER, "https://dns.example/"),))), View())
    assert "at the DNS provider:\n    Ask at 203.0.113.10 who has the key.\n" in made
    assert "    https://dns.example/\n" in made


def test_doubt_is_said_in_the_verdict_and_in_the_title() -> None:
    claim = refusal(confidence=Confidence.LIKELY)
    doubted = report(NAME, raised=((check("tcp.door-shut"), claim),))
    made = render(doubted, View())
    assert made.startswith("✗ CRITICAL  Probably: Port 443")
    assert "error[tcp.door-shut] (likely): " in made
    assert "错误[tcp.door-shut]（很可能）: " in render(doubted, View(lang="zh"))


def test_a_note_is_one_line_and_no_problem() -> None:
    raised = ((check("tcp.door-shut", Severity.NOTE), refusal()),)
    made = render(report(*healthy().evidence.observations, raised=raised), View())
    assert made.startswith("✓ OK")
    assert "\n\nnote[tcp.door-shut]: Port 443 of 203.0.113.10 is shut\n\n? not seen: " in made


def test_a_healthy_site_is_told_what_no_run_tries() -> None:
    """Nothing says that forms work, until somebody gives the message that they see."""
    untried = "forms, uploads, sign-in, other pages, other clients and other networks"
    assert untried in render(healthy(), View(width=120)).replace("\n            ", " ")
    raised = ((check("tcp.door-shut", Severity.WARNING), refusal()),)
    warned = report(*healthy().evidence.observations, raised=raised)
    assert untried in render(warned, View(width=120))
    assert untried not in render(refused(), View())
    pasted = healthy()
    target = replace(pasted.evidence.target, symptom=Symptom("status", "HTTP 413", 413))
    pasted = replace(pasted, evidence=replace(pasted.evidence, target=target))
    assert untried not in render(pasted, View())


def test_a_forgotten_fact_is_marked_and_stops_nothing() -> None:
    raised = ((check("tcp.door-shut"), refusal(facts={"port": 443})),)
    assert "Port 443 of ‹address› is shut" in render(report(CLOSED, raised=raised), View())


def test_without_unicode_there_are_ascii_signs() -> None:
    made = render(mended(), View(ascii=True))
    assert made.isascii()
    assert made.startswith("x CRITICAL")


def test_colour_is_added_to_the_words_and_replaces_none() -> None:
    import re

    plain, colourful = render(mended(), View()), render(mended(), View(color=True))
    assert colourful != plain
    assert re.sub(r"\x1b\[[\d;]*m", "", colourful) == plain


def test_nothing_from_outside_reaches_the_terminal_raw() -> None:
    hostile = Resolution(name="a\x1b[2Jb\r\x9b", family=4, addresses=("\x1b]52;c;x\x07",))
    facts = {"address": "\x1b[31m\r\n", "port": "\x9b5"}
    raised = ((check("tcp.door-shut"), refusal(facts=facts, because=(hostile,))),)
    made = render(report(hostile, raised=raised), View(verbosity=2))
    assert not any((ord(c) < 32 and c != "\n") or 127 <= ord(c) < 160 for c in made)


def test_how_a_target_was_read_is_said_where_it_was_not_a_url() -> None:
    target = replace(healthy().evidence.target, read_as="https://shop.example.com:443/")
    made = render(replace(healthy(), evidence=replace(healthy().evidence, target=target)), View())
    assert "  read as https://shop.example.com:443/\n" in made


def test_a_wrapped_chinese_title_has_no_new_blanks() -> None:
    words = "服务器防火墙拒绝了来自所有访客的连接所以网站无法访问" * 2
    finding = replace(refused().findings[0], claim=refusal(facts={"address": words, "port": 1}))
    page = Page(60)
    add_explanation(page, replace(refused(), findings=(finding,)), finding, View(lang="zh"))
    # In the title and in the summary.
    assert "".join(line.strip() for line in page.lines).count(words) == 2


def test_what_a_program_can_mend_is_the_last_of_the_next_commands() -> None:
    lines = render(mended(), View()).splitlines()
    assert lines[-2].startswith("next: diagnose explain ")
    assert lines[-1].startswith("      diagnose fix https://")
    assert "diagnose fix" not in render(refused(), View())


@pytest.mark.parametrize("made", [render, markdown.render, html.render])
def test_a_command_stands_once_in_the_evidence_of_a_cause(
    made: Callable[[Report, View], str],
) -> None:
    seen = replace(CLOSED, equivalent="nc -vz 203.0.113.10 443")
    claim = refusal(because=(seen, replace(seen, port=80)))
    page = made(report(raised=((check("tcp.door-shut"), claim),)), View())
    assert page.count("nc -vz 203.0.113.10 443") == 1
