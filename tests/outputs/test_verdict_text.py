"""The verdict as one sentence."""

from dataclasses import replace

import pytest

from diagnose.checking.conclusion import conclude
from diagnose.checking.registry import load_check
from diagnose.checking.verdicts import verdict
from diagnose.model import Claim, Finding, Observation, Report, Severity, Subject, Symptom
from diagnose.model.http import Exchange
from diagnose.outputs.verdict_text import verdict_sentence, verdict_sentences
from tests.support.report_builder import healthy


def answering(status: int, symptom: Symptom | None = None) -> Report:
    """The report about a site that is healthy but for the status of its pages."""
    report = healthy()
    pages = [replace(seen, status=status) for seen in report.evidence.of(Exchange)]
    others = [seen for seen in report.evidence.observations if not isinstance(seen, Exchange)]
    target = replace(report.evidence.target, symptom=symptom)
    evidence = replace(report.evidence, target=target, observations=(*others, *pages))
    return replace(report, evidence=evidence)


def with_note(report: Report) -> Report:
    (page,) = [seen for seen in report.evidence.of(Exchange) if seen.purpose == "target"]
    note = Claim(
        about=Subject(), because=(page,), severity=Severity.NOTE,
        facts={"paths": ("/",), "rule": "deny all", "nobody": True, "place": "/etc/nginx/x:1"},
    )  # fmt: skip
    return replace(report, findings=(Finding("f1", load_check("nginx.visitor-denied"), note),))


@pytest.mark.parametrize(("status", "ending"), [(200, "healthy."), (404, "this is a fault.")])
def test_a_page_that_is_refused_is_not_called_healthy(status: int, ending: str) -> None:
    sentence = verdict_sentence(answering(status), "en")
    assert sentence.endswith(ending)
    assert ("answers 404" in sentence) is (status == 404)


def test_a_note_that_rests_on_the_refusal_says_why() -> None:
    sentence = verdict_sentence(with_note(answering(403)), "en")
    assert "answers 403" in sentence
    assert "nginx" in sentence
    assert sentence.endswith("Nothing shows that this is a fault.")


def test_a_note_about_another_page_follows() -> None:
    report = with_note(healthy())
    (note,) = report.findings
    claim = replace(note.claim, request="/old", because=())
    sentence = verdict_sentence(replace(report, findings=(replace(note, claim=claim),)), "en")
    assert ".com/ is healthy. Visitors did not get another page: " in sentence


def test_a_note_that_a_person_may_mean_follows() -> None:
    report = answering(200, Symptom("other", "Verbindung weg, wenn keiner tippt"))
    note = Claim(
        about=Subject(), because=(), severity=Severity.NOTE,
        facts={"path": "/ws", "url": "wss://shop.example.com/ws", "seconds": 60, "reported": False},
    )  # fmt: skip
    finding = Finding("f1", load_check("websocket.idle-default"), note)
    sentence = verdict_sentence(replace(report, findings=(finding,)), "en")
    assert "the message is not understood" in sentence
    assert "Perhaps this is meant: nginx closes " in sentence


def test_a_reported_status_that_was_met_is_not_healthy() -> None:
    report = conclude(answering(404, Symptom("status", "m", 404)).evidence)
    assert verdict(report).status == "unknown"
    assert "was met here too" in verdict_sentence(report, "en")
    other = conclude(answering(404, Symptom("status", "m", 403)).evidence)
    assert verdict(other).status == "ok"


@pytest.mark.parametrize(
    ("text", "method"),
    [
        ("POST https://shop.example.com/api 405 (Not Allowed)", "POST"),
        ('"DELETE /api/items/1 HTTP/1.1" 405', "DELETE"),
        ("GET https://shop.example.com/api 405", ""),
        ("I post it to my blog and get 405", ""),
    ],
)
def test_a_request_of_the_message_that_was_not_made_is_told(text: str, method: str) -> None:
    sentence = verdict_sentence(answering(200, Symptom("status", text, 405)), "en")
    assert ("healthy" in sentence) is (not method)
    assert (f"about a {method}, which this run did not send" in sentence) is bool(method)


def test_a_healthy_certificate_is_told_with_the_verdict() -> None:
    assert verdict_sentences(healthy(), "en").startswith(verdict_sentence(healthy(), "en"))


def test_a_refused_page_behind_a_redirect_is_not_called_healthy() -> None:
    report = healthy()
    url = f"{report.evidence.target.url.rstrip('/')}/app/"
    observations: list[Observation] = []
    for observation in report.evidence.observations:
        if isinstance(observation, Exchange) and observation.purpose == "target":
            first = replace(observation, status=302, headers=(("Location", "/app/"),))
            last = replace(observation, url=url, purpose="redirect", status=403, reason="Forbidden")
            observations += [first, last]
        else:
            observations.append(observation)
    evidence = replace(report.evidence, observations=tuple(observations))
    sentence = verdict_sentence(replace(report, evidence=evidence), "en")
    assert sentence == f"{url} answers 403 Forbidden. Nothing shows that this is a fault."
