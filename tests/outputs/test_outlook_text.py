"""What is still wrong after the fix, as a sentence: the same in every writer."""

import json
from dataclasses import replace

import pytest

from diagnose.model import Claim, Report, Severity, Subject
from diagnose.model.view import View
from diagnose.outputs import html, markdown, text
from diagnose.outputs import json as documents
from diagnose.outputs.outlook_text import outlook_label, outlook_sentence
from diagnose.outputs.terminal import Page
from diagnose.tui.answer_text import add_answer
from tests.support.report_builder import (
    CLOSED,
    NAME,
    NO_IPV6,
    SERVER,
    WELL,
    check,
    healthy,
    mended,
    refusal,
    refused,
    report,
)

#: Closed by the firewall, and seen from the server itself.
SHUT = report(SERVER, *WELL, raised=((check("tcp.door-shut"), refusal()),))
OTHER = (check("nginx.door-locked", Severity.WARNING), Claim(about=Subject(port=1), because=(),
         facts={"address": "203.0.113.10", "port": 443}))  # fmt: skip
TWO = report(NAME, CLOSED, NO_IPV6, raised=((check("tcp.door-shut"), refusal()), OTHER))


def test_nothing_else_is_wrong_only_where_it_was_seen() -> None:
    assert outlook_sentence(SHUT, "en") == "nothing else is wrong, seen from the server itself"
    unseen = "no other fault was seen; not seen: TLS, certificate, HTTP"
    assert outlook_sentence(refused(), "en") == unseen


def test_the_other_cause_is_still_wrong() -> None:
    first = outlook_sentence(TWO, "en", TWO.causes[0])
    assert first.startswith("still wrong: nginx listens on")
    assert outlook_sentence(TWO, "en").startswith("no other fault was seen")
    assert [outlook_label(TWO, "en"), outlook_label(TWO, "en", TWO.causes[0])] == [
        "after the fixes",
        "after the fix",
    ]


def test_more_than_two_are_counted() -> None:
    third = (check("tcp.door-shut"), replace(refusal(), about=Subject(port=2)))
    three = report(NAME, CLOSED, raised=((check("tcp.door-shut"), refusal()), OTHER, third))
    assert "(and 1 more)" in outlook_sentence(three, "en", three.causes[0])


def test_a_crash_is_said() -> None:
    assert "a fault of diagnose itself" in outlook_sentence(mended(), "en")


@pytest.mark.parametrize("made", [healthy(), replace(refused(), running=True)])
def test_nothing_is_said_before_there_is_a_cause(made: Report) -> None:
    assert outlook_sentence(made, "en") == ""


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("made", [SHUT, refused()])
def test_every_writer_says_the_same(made: Report, lang: str) -> None:
    view, sentence = View(lang=lang, width=100), outlook_sentence(made, lang)
    page = Page(100, False, False)
    add_answer(page, made, made.causes[0], view)
    written = [write.render(made, view) for write in (text, markdown, html)]
    for paper in [*written, page.text()]:
        assert outlook_label(made, lang)[1:] in paper
        assert sentence in paper
    assert json.loads(documents.render(made, view))["verdict"]["after_fix"]["sentence"] == sentence


def test_the_document_says_it_for_programs() -> None:
    after = json.loads(documents.render(refused(), View()))["verdict"]["after_fix"]
    assert (after["clear"], after["unseen"]) == (False, ["tls", "certificate", "http"])
    assert json.loads(documents.render(healthy(), View()))["verdict"]["after_fix"] is None
