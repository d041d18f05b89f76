"""The answer to a pasted message, in every format."""

import json
from dataclasses import replace

import pytest

from diagnose.checking.conclusion import conclude
from diagnose.checking.texts import check_text
from diagnose.model import Host, Observation, Report, Symptom, Vantage
from diagnose.model.http import Upgrade
from diagnose.model.logs import FailedRequests
from diagnose.model.symptom import SymptomKind
from diagnose.model.vantages import VantageVisit
from diagnose.model.view import View
from diagnose.outputs import html, markdown, plain, text
from diagnose.outputs import json as json_output
from diagnose.outputs.symptom_text import symptom_markdown, symptom_text
from diagnose.recording.codec import Recording, decode, encode
from diagnose.recording.redaction import masked_report
from diagnose.tui.tab_text import render_tab
from tests.support import nginx_evidence
from tests.support.report_builder import healthy, refused

REFUSED = Symptom("refused", "curl: (7) Failed to connect: Connection refused")
EXPIRED = Symptom("certificate-expired", "net::ERR_CERT_DATE_INVALID of <b>shop.example.com</b>")


def with_symptom(report: Report, symptom: Symptom, *more: Observation) -> Report:
    evidence = report.evidence
    target = replace(evidence.target, symptom=symptom)
    observations = (*evidence.observations, *more)
    return replace(report, evidence=replace(evidence, target=target, observations=observations))


def judged(report: Report, symptom: Symptom) -> Report:
    """A report whose findings are those of the real checks."""
    return conclude(with_symptom(report, symptom).evidence)


def test_without_a_message_there_is_no_sentence() -> None:
    assert symptom_text(healthy(), "en") == ""


def test_the_first_cause_is_it() -> None:
    expected = (
        "This cause produces the message you pasted, “curl: (7) Failed to connect: Connection "
        "refused” (connection refused)."
    )
    assert symptom_text(judged(refused(), REFUSED), "en") == expected
    assert "就是它" in symptom_text(judged(refused(), REFUSED), "zh")


def test_on_a_healthy_site_it_says_what_the_site_answers_and_where_else_it_may_come_from() -> None:
    sentence = symptom_text(with_symptom(healthy(), EXPIRED), "en")
    assert (
        "did not occur in this run. From here the site answers with status 200. It may" in sentence
    )
    assert "the visitor's clock" in sentence
    chinese = symptom_text(with_symptom(healthy(), EXPIRED), "zh")
    assert "现在没有出现" in chinese
    assert "访客的时钟" in chinese


def test_an_unrelated_cause_is_said_to_be_so() -> None:
    sentence = symptom_text(judged(refused(), EXPIRED), "en")
    assert sentence.startswith(
        "Nothing shows that the cause named here produces the message you pasted"
    )


def test_on_the_server_nobody_is_sent_to_the_server() -> None:
    symptom = Symptom("upstream-refused", "connect() failed (111: Connection refused)")
    server = Host(hostname="web1", role="server", vantage=Vantage.SERVER)
    assert "run diagnose there" in symptom_text(with_symptom(healthy(), symptom), "en")
    assert "older than the last change" in symptom_text(
        with_symptom(healthy(), symptom, server), "en"
    )
    assert "run diagnose there" not in symptom_text(with_symptom(healthy(), symptom, server), "en")


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("kind", ["timeout", "unusable", "not-connected"])
def test_on_the_server_the_way_from_outside_is_said_to_be_unseen(
    kind: SymptomKind, lang: str
) -> None:
    symptom = Symptom(kind, "the site cannot be reached")
    server = Host(hostname="web1", role="server", vantage=Vantage.SERVER)
    report, view = with_symptom(healthy(), symptom, server), View(lang=lang)
    sentence = symptom_text(report, lang)
    assert "`diagnose https://shop.example.com/`" in sentence
    assert "`curl -v --max-time 10 https://shop.example.com/`" in sentence
    assert ("provider's firewall" if lang == "en" else "安全组") in sentence
    document = json.loads(json_output.render(report, view))
    assert document["run"]["symptom"]["answer"] == "unknown"
    assert document["verdict"]["status"] == "ok"
    summary = document["verdict"]["summary"]
    assert ("works on its own server" if lang == "en" else "在其服务器上工作正常") in summary
    # A place outside has seen the way.
    visit = VantageVisit(
        place="globalping", address="203.0.113.10", port=443, vantage=Vantage.ELSEWHERE
    )
    seen = with_symptom(healthy(), symptom, server, visit)
    assert "curl" not in symptom_text(seen, lang)
    # Other words are about what the server shows too.
    other = with_symptom(healthy(), EXPIRED, server)
    assert json.loads(json_output.render(other, view))["run"]["symptom"]["answer"] == "absent"


def test_from_outside_the_way_was_seen() -> None:
    report = with_symptom(healthy(), Symptom("timeout", "the site cannot be reached"))
    assert "did not occur in this run" in symptom_text(report, "en")
    assert "curl" not in symptom_text(report, "en")


def test_a_run_from_one_place_does_not_know_the_way_of_others() -> None:
    report = with_symptom(healthy(), Symptom("not-outside", "works inside, not from outside"))
    sentence = symptom_text(report, "en")
    assert sentence.startswith("This run could not see whether")
    assert "does not know whether visitors come the same way" in sentence
    assert "`diagnose https://shop.example.com/`" in sentence
    assert "手机网络" in symptom_text(report, "zh")


def test_what_was_tried_and_is_well_did_not_occur() -> None:
    report = with_symptom(healthy(), Symptom("not-over-https", "http works, https does not"))
    assert "did not occur in this run" in symptom_text(report, "en")
    assert "port 443" in symptom_text(report, "en")


def test_a_websocket_whose_path_nobody_named_is_asked_for() -> None:
    report = with_symptom(healthy(), Symptom("websocket", "the terminal stays disconnected"))
    sentence = symptom_text(report, "en")
    assert "No path of a WebSocket is known here" in sentence
    assert "--ws PATH" in sentence
    assert "From here the site answers with status 200." in sentence


def test_of_a_websocket_it_says_what_the_handshake_got_and_not_the_page() -> None:
    said = Symptom("websocket-closed", "WebSocket closed", 1006)
    opened = Upgrade(
        url="wss://shop.example.com/live", path="/live", address="203.0.113.10", port=443,
        status=101, accepted=True,
    )  # fmt: skip
    sentence = symptom_text(with_symptom(healthy(), said, opened), "en")
    assert "In this run the WebSocket at /live opens (101)." in sentence
    assert "answers with status" not in sentence
    refused = replace(opened, status=403, accepted=False, fault="status")
    sentence = symptom_text(with_symptom(healthy(), said, refused), "en")
    assert "the handshake of the WebSocket at /live gets status 403" in sentence


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_every_format_has_it(lang: str) -> None:
    report, view = with_symptom(healthy(), EXPIRED), View(lang=lang, width=1000)
    sentence = symptom_text(report, lang)
    assert text.render(report, View(lang=lang, width=100)).count("ERR_CERT_DATE_INVALID") == 1
    assert plain.render(report, view).splitlines()[-1].split("\t")[3] == "message"
    assert r"\<b\>" in markdown.render(report, view)
    page = html.render(report, view)
    assert 'class="symptom"' in page
    assert "<b>shop.example.com</b>" not in page
    assert sentence[:20] in render_tab("why", report, None, view, running=False)
    document = json.loads(json_output.render(report, view))
    assert document["run"]["symptom"] == {
        "kind": "certificate-expired", "number": None, "text": EXPIRED.text, "answer": "absent",
        "finding": None, "parts": [], "usual_causes": [], "handled_by": None, "sentence": sentence,
    }  # fmt: skip
    assert "symptom" not in document["target"]


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_what_most_often_leads_to_it(lang: str) -> None:
    report = with_symptom(healthy(), Symptom("upstream-header", "upstream sent too big header"))
    (cause,) = json.loads(json_output.render(report, View(lang=lang)))["run"]["symptom"][
        "usual_causes"
    ]
    assert cause == {
        "check": "upstream.header-too-big",
        "title": check_text("upstream.header-too-big", lang).general_title,
    }
    sentence = symptom_text(report, lang)
    assert cause["title"] in sentence
    assert "`diagnose explain upstream.header-too-big`" in sentence


def test_several_causes_are_told_apart() -> None:
    symptom = Symptom("status", "504 Gateway Time-out", 504)
    sentence = symptom_text(with_symptom(healthy(), symptom), "en")
    assert (
        "“The application accepts requests but does not answer” (upstream.timeout); “" in sentence
    )
    assert sentence.endswith("`diagnose explain upstream.timeout` says how to look for the first.")


def test_without_a_message_the_json_says_null() -> None:
    assert json.loads(json_output.render(healthy(), View()))["run"]["symptom"] is None


def test_a_recording_keeps_the_message_and_masks_it() -> None:
    symptom = Symptom("refused", "connect ECONNREFUSED shop.example.com 203.0.113.10:443")
    report = with_symptom(healthy(), symptom)
    assert decode(encode(Recording(report.evidence))).evidence.target.symptom == symptom
    masked, _ = masked_report(report, View(), lambda evidence, _: conclude(evidence))
    kept = masked.evidence.target.symptom
    assert kept
    assert kept.kind == "refused"
    assert "203.0.113.10" not in kept.text
    assert "shop" not in kept.text


def test_an_old_recording_has_no_message() -> None:
    lines = encode(Recording(healthy().evidence)).replace(', "symptom": null', "")
    assert '"symptom"' not in lines
    assert decode(lines).evidence.target.symptom is None


def test_on_the_server_it_may_come_from_what_lies_in_front() -> None:
    timeout = Symptom("timeout", "https timed out")
    here = Host(vantage=Vantage.SERVER, via="local", hostname="shop")
    assert "a security group" in symptom_text(with_symptom(healthy(), timeout, here), "en")
    assert "安全组" in symptom_text(with_symptom(healthy(), timeout, here), "zh")
    assert "own network" in symptom_text(with_symptom(healthy(), timeout), "en")


def test_what_stands_in_the_log_alone_did_not_occur_in_the_run() -> None:
    symptom = Symptom("status", "saving gives 422", 422)
    logged = FailedRequests(
        file="/var/log/nginx/access.log", method="POST", path="/api/items", status=422,
        written="24/Nov/2026:12:00:01",
    )  # fmt: skip
    sentence = symptom_text(with_symptom(healthy(), symptom, logged), "en")
    assert "stands in /var/log/nginx/access.log for POST /api/items" in sentence
    assert "did not send that request" in sentence
    assert "occurred in this run too" not in sentence


@pytest.mark.parametrize(
    ("lang", "words"),
    [
        ("en", "nginx answers / in `location /` (/etc/nginx/nginx.conf:8), by `proxy_pass "
            "http://127.0.0.1:3000`. The application gets `GET / HTTP/1.0` with "
            "`Host: shop.example.com`, and no X-Forwarded-Proto."),
        ("zh", "应用收到的是 `GET / HTTP/1.0`，带有 `Host: shop.example.com`，没有 "
            "X-Forwarded-Proto。"),
    ],
)  # fmt: skip
def test_how_nginx_handles_it(lang: str, words: str) -> None:
    symptom = Symptom("login", "after logging in I am logged out")
    report = with_symptom(healthy(), symptom, nginx_evidence.config())
    assert words in symptom_text(report, lang)
    document = json.loads(json_output.render(report, View(lang=lang)))
    assert document["run"]["symptom"]["handled_by"] == {
        "server": "nginx", "block": "location /", "place": "/etc/nginx/nginx.conf:8",
        "directive": "proxy_pass http://127.0.0.1:3000",
        "request": ["GET / HTTP/1.0", "Host: shop.example.com"], "file": "",
    }  # fmt: skip


def test_what_the_application_gets_is_no_usual_cause() -> None:
    symptom = Symptom("login", "after logging in I am logged out")
    told = nginx_evidence.SITE.replace(
        "Host $host;", "Host $host; proxy_set_header X-Forwarded-Proto https;"
    )
    cause = "(upstream.scheme-not-passed)"
    for site, is_usual in ((nginx_evidence.SITE, True), (told, False)):
        report = with_symptom(healthy(), symptom, nginx_evidence.config(site))
        assert (cause in symptom_text(report, "en")) is is_usual


TWO_FAULTS = "images are not loading, and curl: (7) Failed to connect: Connection refused"


def test_another_fault_of_the_message_has_an_answer_of_its_own() -> None:
    symptom = Symptom("upload", TWO_FAULTS)
    report = judged(refused(), symptom)
    assert symptom_text(report, "en") == (
        f"The message you pasted, “{TWO_FAULTS}” (an upload fails), tells of several faults. No "
        "finding explains this one. “curl: (7) Failed to connect: Connection refused” (connection "
        "refused) in it comes from this cause."
    )
    assert "其中“curl" in symptom_text(report, "zh")
    told = json.loads(json_output.render(report, View()))["run"]["symptom"]
    assert told["answer"] == "possible"
    assert [part["kind"] for part in told["parts"]] == ["refused"]
    assert told["finding"] == told["parts"][0]["finding"]


def test_paragraphs_and_a_list_of_usual_causes() -> None:
    symptom = Symptom("status", "504 Gateway Time-out", 504)
    report = with_symptom(healthy(), symptom, nginx_evidence.config())
    shown = symptom_markdown(report, "en")
    verdict, handled, heading, *items, look = (line for line in shown.split("\n") if line)
    assert verdict.startswith("The message you pasted")
    assert handled.startswith("nginx answers")
    assert heading == "What most often leads to such a message:"
    assert items[0] == (
        "- “The application accepts requests but does not answer” (upstream.timeout)"
    )
    assert look.startswith("`diagnose explain upstream.timeout`")
    assert "<li>“The application accepts requests" in html.render(report, View())
    assert "\n- “The application accepts requests" in markdown.render(report, View())


UNREAD = Symptom("other", "Could not connect to SignalR, UI won't update")


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_that_a_site_is_well_is_no_answer_to_words_that_are_not_understood(lang: str) -> None:
    report = judged(healthy(), UNREAD)
    document = json.loads(json_output.render(report, View(lang=lang)))
    # The status is that of the site.
    assert document["verdict"]["status"] == "ok"
    assert document["run"]["symptom"]["answer"] == "unknown"
    words = "was not looked at" if lang == "en" else "没有检查"
    assert words in document["verdict"]["summary"]
    assert ("is not understood" if lang == "en" else "无法理解") in symptom_text(report, lang)


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_what_is_wrong_is_told_beside_words_that_are_not_understood(lang: str) -> None:
    report = judged(refused(), UNREAD)
    document = json.loads(json_output.render(report, View(lang=lang)))
    assert document["verdict"]["status"] == "critical"
    words = "may have nothing to do with it" if lang == "en" else "不一定有关"
    assert words in symptom_text(report, lang)
