"""The report for a ticket. The golden files are what GitHub is given: read them."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import example, given
from markdown_it import MarkdownIt
from markdown_it.token import Token

from diagnose._version import VERSION
from diagnose.model import Crash, Edit, Fix, Manual, Report, Risk, Unseen, Where, firewall_commands
from diagnose.model.view import View
from diagnose.outputs.markdown import cell, code, fence, inline, render
from tests.support.hostile_report import TEXTS, hostile
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

#: As GitHub reads: tables, struck out text, and links made of what looks like one.
GITHUB = MarkdownIt("gfm-like")
assert GITHUB.linkify is not None
GITHUB.linkify.set({"fuzzy_link": False, "fuzzy_email": True})

VIEW = View(hostname="laptop")


def tokens(text: str) -> list[Token]:
    """Every token, those within a line among them."""
    found = []
    for token in GITHUB.parse(text):
        found += [token, *(token.children or ())]
    return found


def shape(text: str) -> list[str]:
    """The blocks of a text: whether they are a table, a heading, a fence."""
    return [token.type for token in GITHUB.parse(text)]


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("name", REPORTS)
def test_reads_like_this(name: str, lang: str) -> None:
    made = render(REPORTS[name](), View(lang=lang, hostname="laptop"))
    made = made.replace(f"diagnose {VERSION}", "diagnose 0.0.0")
    assert made == (GOLDEN / f"{name}.{lang}.md").read_text("utf-8")


def test_the_verdict_comes_first_and_alone_when_quiet() -> None:
    quiet = render(refused(), replace(VIEW, verbosity=-1))
    assert quiet.startswith("## ❌ CRITICAL: Port 443 of 203.0.113.10 is shut\n\n")
    assert render(refused(), VIEW).startswith(quiet.rstrip("\n"))
    assert len(quiet.splitlines()) == 3


def test_no_line_is_folded_for_a_terminal() -> None:
    assert render(mended(), replace(VIEW, width=20)) == render(mended(), replace(VIEW, width=200))


def test_every_step_can_be_copied_as_it_is_typed() -> None:
    fences = [token.content for token in tokens(render(mended(), VIEW)) if token.info == "sh"]
    assert fences[0].startswith("patch /etc/nginx/conf.d/shop.conf <<'DIAGNOSE'\n--- /etc")
    assert fences[0].endswith("\n }\nDIAGNOSE\n")
    assert fences[1] == "nginx -s reload\n"
    assert fences[2] == "diagnose https://shop.example.com/ --only tcp\n"


def test_the_caret_stands_under_the_fault() -> None:
    (shown,) = [token.content for token in tokens(render(mended(), VIEW)) if token.info == "text"]
    assert "2 |     listen 443;\n  |     ^^^^^^\n" in shown


def test_a_fence_is_longer_than_any_run_of_backticks_in_it() -> None:
    text = "a\n```\n`````\nb"
    (made,) = tokens(fence(text))
    assert (made.type, made.content) == ("fence", f"{text}\n")


def test_a_step_says_how_it_is_taken_back_and_where_it_is_done() -> None:
    fix = Fix((firewall_commands.ufw(("allow", "443"), ("delete", "allow", "443"),
                                     Risk.OPENS_TO_ALL),
               Manual("ask", Where.DNS_PROVIDER, "https://dns.example/")))  # fmt: skip
    made = render(_with(fix), VIEW)
    assert "On the server, as root:\n\n```sh\nufw allow 443\n```\n\nundo: `ufw delete" in made
    assert "At the DNS provider:\n\nAsk at 203.0.113.10 who has the key.\n\n<https://dns" in made


@pytest.mark.parametrize("url", ["javascript:alert(1)", "https://a/> <b>", "file:///etc/passwd"])
def test_an_address_that_is_not_of_the_web_is_no_link(url: str) -> None:
    made = render(_with(Fix((Manual("ask", Where.APPLICATION, url),))), VIEW)
    assert not any(token.type == "link_open" for token in tokens(made))


def _with(fix: Fix) -> Report:
    return report(NAME, CLOSED, raised=((check("tcp.door-shut"), refusal(fix=fix)),))


def test_what_was_not_seen_and_our_own_faults_are_said() -> None:
    unseen = Unseen(what="the firewall", why="needs-root", enable="sudo diagnose x")
    made = render(report(unseen, crashes=(Crash("checks.tcp", "ValueError: <no>"),)), VIEW)
    assert "❔ UNKNOWN" in made
    assert "- the firewall: needs root\n  - `sudo diagnose x`\n" in made
    assert "- a fault of diagnose itself: `checks.tcp: ValueError: <no>`\n" in made


def test_the_timeline_is_there_when_asked_for() -> None:
    assert "### Timeline" not in render(refused(), VIEW)
    made = render(refused(), replace(VIEW, verbosity=2))
    assert "    5 ms     3 ms  203.0.113.10:443: Connection refused (ECONNREFUSED)\n" in made


@given(TEXTS)
def test_prose_is_one_paragraph_in_which_nothing_is_a_link(text: str) -> None:
    made = inline(text)
    assert shape(f"a\n\n{made}\n\nb").count("paragraph_open") == 3 - (not made.strip())
    _harmless(tokens(made))


@given(TEXTS)
def test_code_is_code_to_its_end(text: str) -> None:
    made = tokens(f"a {code(text)} b")
    kinds = [token.type for token in made if token.type not in {"text", "inline"}]
    assert kinds == ["paragraph_open", "code_inline", "paragraph_close"]


@given(TEXTS)
@example("a@b|c|d `e|f` \\| `\\|`")
def test_a_cell_is_one_cell(text: str) -> None:
    table = f"| a | b |\n|---|---|\n| {cell(text)} | c |\n| {cell(text)} | d |"
    assert shape(table) == shape("| a | b |\n|---|---|\n| x | c |\n| x | d |")
    assert [token.content for token in GITHUB.parse(table) if token.type == "inline"][-1] == "d"
    _harmless(tokens(table))


@given(TEXTS)
@example("x\n\n---\n\n# loud\n\n> quoted")
@example(" ")
def test_hostile_text_makes_no_link_image_html_table_or_heading_of_its_own(text: str) -> None:
    made = tokens(render(hostile(text), replace(VIEW, verbosity=2)))
    calm = tokens(render(hostile("calm"), replace(VIEW, verbosity=2)))
    # The one address of the report that may be a link is the one that was given as one.
    _harmless(made, links=1)
    for kind in ("table_open", "tr_open", "td_open", "heading_open", "hr", "blockquote_open"):
        assert _count(made, kind) == _count(calm, kind), kind
    shells = [token.content for token in made if token.type == "fence" and token.info == "sh"]
    assert len(shells) == sum(token.info == "sh" for token in calm)
    assert not any(ord(c) < 32 and c != "\n" for token in made for c in token.content if c != "\t")


def _count(every: list[Token], kind: str) -> int:
    return sum(token.type == kind for token in every)


def _harmless(every: list[Token], links: int = 0) -> None:
    assert _count(every, "link_open") <= links
    kinds = {token.type for token in every}
    assert not kinds & {"image", "html_inline", "html_block", "s_open", "em_open"}
    in_link = False
    for token in every:
        in_link = token.type == "link_open" or (in_link and token.type != "link_close")
        if token.type == "text" and not in_link:
            # GitHub links people and tickets after Markdown has been read.
            assert not {"@", "#"} & set(token.content), token.content
            assert "://" not in token.content
            assert "www." not in token.content.lower()


def test_an_edit_with_a_fence_in_it_stays_in_its_own() -> None:
    edit = Edit("a", "--- a\n+++ a\n@@ -1 +1 @@\n-```\n+````\n")
    (shown, _) = [
        token for token in tokens(render(_with(Fix((edit,))), VIEW)) if token.info == "sh"
    ]
    assert "+````\nDIAGNOSE\n" in shown.content
