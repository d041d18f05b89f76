"""Whether findings answer a pasted message, on evidence made of literals."""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from diagnose.checking import symptom_answer as symptom_answer_module
from diagnose.checking.registry import check_ids, load_check
from diagnose.checking.symptom_answer import symptom_answer
from diagnose.checking.symptom_match import with_reported_notes
from diagnose.checking.symptom_table import symptom_table
from diagnose.checking.texts import check_text
from diagnose.checking.verdicts import Verdict
from diagnose.i18n.symptom_answers import MESSAGES
from diagnose.model import (
    Claim,
    Confidence,
    Evidence,
    Failure,
    Finding,
    Observation,
    Report,
    Severity,
    Subject,
    Symptom,
    Target,
    Vantage,
)
from diagnose.model.http import Exchange, Upgrade
from diagnose.model.logs import FailedRequests, LogLine
from diagnose.model.nginx import NginxProcess
from diagnose.model.pages import Page
from diagnose.model.symptom import SymptomKind
from diagnose.model.tcp import Connection
from diagnose.model.web_servers import Product, WebServer
from diagnose.parsers.symptoms import symptom_of
from tests.support import nginx_evidence

KINDS: tuple[SymptomKind, ...] = SymptomKind.__args__  # type: ignore[attr-defined]
ADDRESS = "203.0.113.10"


def report_about(
    symptom: Symptom | None,
    observations: tuple[Observation, ...] = (),
    causes: Mapping[str, tuple[Observation, ...]] = {},
    consequences: Mapping[str, str] = {},
) -> Report:
    """A report with these causes (check id: because), and consequences (check id: cause's id)."""
    target = Target("x", "https", "shop.example.com", 443, symptom=symptom)
    findings = [
        Finding(f"f{number}", load_check(check_id), Claim(about=Subject(), because=because))
        for number, (check_id, because) in enumerate(causes.items(), 1)
    ]
    findings += [
        Finding(f"f{number}", load_check(check_id), Claim(about=Subject(), because=()), cause)
        for number, (check_id, cause) in enumerate(consequences.items(), 10)
    ]
    evidence = Evidence(target, datetime(2026, 11, 26, tzinfo=UTC), observations)
    return Report(evidence, tuple(findings))


def answer(symptom: Symptom, *args: object, **options: object) -> tuple[str, str]:
    result = symptom_answer(report_about(symptom, *args, **options))  # type: ignore[arg-type]
    assert result
    return result.kind, result.finding.check.id if result.finding else ""


def page(status: int) -> Exchange:
    return Exchange(url="https://shop.example.com/", address=ADDRESS, port=443, status=status)


def upgrade(status: int, close_code: int | None = None) -> Upgrade:
    return Upgrade(
        path="/ws", url="wss://shop.example.com/ws", address=ADDRESS, port=443, status=status,
        close_code=close_code,
    )  # fmt: skip


EXPIRED, REFUSED = Symptom("certificate-expired", "m"), Symptom("refused", "m")


def test_without_a_message_there_is_no_answer() -> None:
    assert symptom_answer(report_about(None)) is None


def test_the_cause_that_is_the_symptom_is_it() -> None:
    assert answer(EXPIRED, (), {"certificate.expired": ()}) == ("cause", "certificate.expired")


def test_the_cause_of_a_finding_that_is_the_symptom_is_it() -> None:
    causes, consequences = {"nginx.not-running": ()}, {"tcp.refused": "f1"}
    assert answer(REFUSED, (), causes, consequences) == ("cause", "nginx.not-running")


def test_a_later_cause_may_be_it() -> None:
    causes = {"http.server-error": (), "certificate.expired": ()}
    assert answer(EXPIRED, (), causes) == ("cause", "certificate.expired")


def test_a_cause_that_explains_the_symptom_may_be_it() -> None:
    assert answer(REFUSED, (), {"firewall.port-closed": ()})[0] == "possible"


def test_another_fault_of_the_same_certificate_is_not_it() -> None:
    """A certificate for another name "explains" an expired one, because it has to be replaced
    anyway. It does not make it expire."""
    assert answer(EXPIRED, (), {"certificate.name-mismatch": ()}) == ("unrelated", "")


@pytest.mark.parametrize(
    ("message", "cause"),
    [
        ("Invalid command 'RewriteEngine', perhaps misspelled", "server.request-failed"),
        ("AH01144: No protocol handler was valid for the URL /index.php", "http.page-downloaded"),
    ],
)
def test_a_message_of_apache_may_come_from_what_an_htaccess_or_a_handler_lacks(
    message: str, cause: str
) -> None:
    """Requests 182 of defendtheweb/hackthis.co.uk and issue 495 of webmin."""
    symptom = symptom_of(message)
    assert symptom
    assert answer(symptom, causes={cause: ()}) == ("possible", cause)


def test_an_unrelated_cause_is_not_it() -> None:
    assert answer(EXPIRED, (), {"upstream.refused": ()}) == ("unrelated", "")


def test_a_finding_that_answers_another_fault_of_the_message_may_be_it() -> None:
    told = Symptom("status", "413 for an upload, and the certificate has expired", 413)
    assert answer(told, (), {"certificate.expired": ()}) == ("possible", "certificate.expired")
    assert answer(told, (), {"http.hsts-traps-visitors": ()}) == ("unrelated", "")


@pytest.mark.parametrize(
    ("status", "expected"), [(502, "cause"), (503, "possible"), (404, "unrelated")]
)
def test_a_status_has_to_be_the_same(status: int, expected: str) -> None:
    symptom = Symptom("status", "m", status)
    assert answer(symptom, (page(502),), {"nginx.file-forbidden": (page(502),)})[0] == expected


def test_what_leads_to_another_server_may_lead_to_any_status() -> None:
    symptom = Symptom("status", "m", 404)
    assert answer(symptom, (), {"dns.wrong-address": ()})[0] == "possible"
    assert answer(symptom, (), {"upstream.refused": ()})[0] == "unrelated"
    assert answer(Symptom("status", "m", 504), (), {"upstream.refused": ()})[0] == "possible"


def test_a_status_without_its_number_is_a_server_error() -> None:
    assert answer(Symptom("status", "m"), (), {"http.server-error": ()})[0] == "cause"


def test_a_status_that_is_no_fault_was_met() -> None:
    assert answer(Symptom("status", "m", 404), (page(404),)) == ("met", "")


def test_a_status_of_the_websocket_is_compared() -> None:
    because = (upgrade(404),)
    causes = {"websocket.not-upgraded": because}
    assert answer(Symptom("websocket-status", "m", 404), because, causes)[0] == "cause"
    assert answer(Symptom("websocket-status", "m", 403), because, causes)[0] == "possible"


def test_a_close_code_is_compared_and_1006_is_any_failure() -> None:
    causes = {"websocket.closed-after-upgrade": (upgrade(101, 1011),)}
    assert answer(Symptom("websocket-closed", "m", 1011), (), causes)[0] == "cause"
    assert answer(Symptom("websocket-closed", "m", 1006), (), causes)[0] == "cause"
    assert answer(Symptom("websocket-closed", "m", 4001), (), causes)[0] == "possible"


def test_a_client_gives_up_before_a_504() -> None:
    causes = {"http.server-error": (page(504),)}
    assert answer(Symptom("timeout", "m"), (), causes)[0] == "possible"
    causes = {"http.server-error": (page(502),)}
    assert answer(Symptom("timeout", "m"), (), causes)[0] == "unrelated"


def test_a_refusal_that_no_finding_explains_was_met() -> None:
    attempt = Connection(address=ADDRESS, port=443, family=4, failure=Failure("refused", "refused"))
    assert answer(REFUSED, (attempt,)) == ("met", "")
    other_port = Connection(address=ADDRESS, port=80, family=4, failure=Failure("refused", "no"))
    assert answer(REFUSED, (other_port,))[0] == "unknown"


def test_words_that_say_nothing_in_particular_are_answered_by_any_error() -> None:
    assert answer(Symptom("unusable", "m"), (), {"dns.nxdomain": ()}) == ("cause", "dns.nxdomain")
    assert answer(Symptom("unusable", "m"), (), {"http.no-redirect": ()})[0] == "unrelated"
    assert answer(Symptom("unusable", "m"), (), {"dns.dead-ipv6": ()})[0] == "possible"


def test_what_works_elsewhere_is_answered_by_an_error_of_its_layer() -> None:
    outside = Symptom("not-outside", "m")
    assert answer(outside, (), {"listener.loopback-only": ()})[0] == "cause"
    assert answer(outside, (), {"http.server-error": (page(502),)})[0] == "possible"
    assert answer(Symptom("not-by-name", "m"), (), {"dns.nxdomain": ()})[0] == "cause"
    # A note breaks nothing.
    assert answer(outside, (), {"tcp.unstable": ()})[0] != "cause"


def test_a_line_of_the_log_that_says_the_same_is_it() -> None:
    text = "upstream sent too big header"
    line = LogLine(file="/e", when=1.0, level="error", pid=1, text=text, doing="reading")
    causes = {"nginx.other-requests-failed": (line,)}
    assert answer(Symptom("upstream-header", text), (), causes)[0] == "cause"
    assert answer(Symptom("script", "m"), (), causes)[0] == "unrelated"
    assert answer(Symptom("status", "m", 404), (), causes)[0] == "unrelated"


@pytest.mark.parametrize(
    ("number", "expected"), [(413, "unknown"), (429, "unknown"), (502, "absent")]
)
def test_a_status_that_a_get_does_not_get_is_not_said_to_be_absent(
    number: int, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """This run sends no upload and no crowd of requests: that none was refused says nothing."""
    monkeypatch.setattr(symptom_answer_module, "verdict", lambda _: Verdict("ok", ()))
    answer = symptom_answer(report_about(Symptom("status", f"{number}", number)))
    assert answer
    assert answer.kind == expected


@pytest.mark.parametrize(
    ("product", "foreign"), [("haproxy", "apache"), ("apache", "nginx"), ("caddy", "haproxy")]
)
def test_usual_causes_are_those_of_a_server_that_is_there(product: Product, foreign: str) -> None:
    """Of a check that names another web server alone nobody can run the commands."""
    server = WebServer(
        vantage=Vantage.SERVER, product=product, version="", pid=7, ports=(80, 443), config=""
    )
    for symptom in (
        Symptom("websocket", "WebSocket connection failed"), Symptom("status", "403", 403),
        Symptom("status", "413", 413), Symptom("status", "502", 502),
    ):  # fmt: skip
        answer = symptom_answer(report_about(symptom, (server,)))
        assert answer
        titles = [check_text(check, "en").general_title.lower() for check in answer.usual]
        assert not [title for title in titles if foreign in title and product not in title]


@pytest.mark.parametrize(
    ("kind", "expected"),
    [("cookie", "unknown"), ("csrf", "unsent"), ("mime", "unknown"), ("redirects", "absent")],
)
def test_what_a_run_does_not_try_is_not_said_to_be_absent(
    kind: SymptomKind, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(symptom_answer_module, "verdict", lambda _: Verdict("ok", ()))
    assert answer(Symptom(kind, "m"), (page(200),))[0] == expected


def test_a_note_may_be_it() -> None:
    assert answer(Symptom("body-size", "m"), (), {"upstream.body-too-large": ()})[0] == "cause"
    assert load_check("upstream.body-too-large").severity is Severity.NOTE


def test_while_a_run_continues_there_is_no_answer() -> None:
    report = report_about(EXPIRED)
    assert symptom_answer(Report(report.evidence, running=True)) is None


def test_the_table_has_every_kind_and_only_checks_that_exist() -> None:
    rows = symptom_table()
    assert set(KINDS) <= set(rows)
    assert all(name in KINDS or re.fullmatch(r"status-\d{3}", name) for name in rows)
    ids = set(check_ids()) | {f"{check_id.partition('.')[0]}.*" for check_id in check_ids()}
    for name, row in rows.items():
        assert set(row.shown) | set(row.possible) | set(row.impossible) <= ids, name
        assert not set(row.shown) & set(row.possible), name
        assert name not in KINDS or f"elsewhere.{row.elsewhere}" in MESSAGES, name


def test_confidence_does_not_matter_to_what_a_finding_produces() -> None:
    claim = Claim(about=Subject(), because=(), confidence=Confidence.POSSIBLE)
    finding = Finding("f1", load_check("certificate.expired"), claim)
    report = Report(report_about(EXPIRED).evidence, (finding,))
    result = symptom_answer(report)
    assert result
    assert result.finding is finding


def usual(symptom: Symptom, *observations: Observation) -> tuple[str, ...]:
    result = symptom_answer(report_about(symptom, observations))
    assert result
    return result.usual


GATEWAY_TIMEOUT = Symptom("status", "504 Gateway Time-out", 504)
APACHE = WebServer(product="apache", pid=7, ports=(80, 443))
NGINX = NginxProcess(pid=7, binary="/usr/sbin/nginx")


def test_usual_causes_are_those_of_the_status() -> None:
    assert usual(GATEWAY_TIMEOUT) == (
        "upstream.timeout", "upstream.unreachable", "server.haproxy-server-timeout",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("observation", "layers"),
    [
        (NGINX, {"upstream"}),
        (APACHE, {"server"}),
        (replace(page(200), headers=(("Server", "nginx/1.26.0"),)), {"upstream"}),
        (replace(page(200), headers=(("Server", "Caddy"),)), {"server"}),
        (WebServer(product="apache", pid=7, ports=(8080,)), {"upstream", "server"}),
        (page(200), {"upstream", "server"}),
    ],
)
def test_usual_causes_are_those_of_the_sites_server(
    observation: Observation, layers: set[str]
) -> None:
    assert {check.split(".")[0] for check in usual(GATEWAY_TIMEOUT, observation)} == layers


def test_an_nginx_that_passes_nothing_on_has_no_application() -> None:
    """Files alone are served: what answers 504 stands in front, or is another server."""
    passing = nginx_evidence.config(
        "server {\n location / { proxy_pass http://127.0.0.1:3000; }\n}\n"
    )
    alone = nginx_evidence.config("server {\n location / { root /var/www; }\n}\n")
    assert usual(GATEWAY_TIMEOUT, NGINX, passing) == usual(GATEWAY_TIMEOUT, NGINX)
    assert usual(GATEWAY_TIMEOUT, NGINX, alone) == ()


def test_every_web_server_may_lead_to_what_nginxs_application_may_lead_to() -> None:
    rows = symptom_table().items()
    assert not [
        name
        for name, row in rows
        if "upstream.*" in row.possible and "server.*" not in row.possible
    ]


def test_no_usual_causes_where_a_finding_answers() -> None:
    report = report_about(REFUSED, causes={"tcp.refused": ()})
    result = symptom_answer(report)
    assert result
    assert (result.kind, result.usual) == ("cause", ())


def test_usual_causes_are_checks_with_a_general_title() -> None:
    for name, row in symptom_table().items():
        assert len(set(row.usual)) == len(row.usual), name
        for check in row.usual:
            assert check in check_ids(), name
            assert check_text(check, "en").general_title, check


@pytest.mark.parametrize(
    ("words", "severity", "expected"),
    [
        ("after login I get 404", Severity.WARNING, "possible"),
        ("404 at /wp-json/", Severity.WARNING, "cause"),
        # A fault of its own: pages of the site asked for it again and again.
        ("after login I get 404", None, "cause"),
    ],
)
def test_a_request_of_the_log_that_no_message_names_may_be_another_one(
    words: str, severity: Severity | None, expected: str
) -> None:
    failed = FailedRequests(
        vantage=Vantage.SERVER, file="/var/log/nginx/access.log", method="GET", path="/wp-json/",
        status=404, written="28/Nov/2026:21:48:25 +0000",
    )  # fmt: skip
    claim = Claim(about=Subject(path="/wp-json/"), because=(failed,), severity=severity)
    symptom = Symptom("status", words, 404)
    report = report_about(symptom, (failed,))
    finding = Finding("f1", load_check("nginx.other-requests-failed"), claim)
    answered = symptom_answer(replace(report, findings=(finding,)))
    assert answered
    assert answered.kind == expected


@pytest.mark.parametrize(
    "words", ["login 403", "登录报错 403", "POST /save 400", "submit form: 405"]
)
def test_a_form_that_was_not_sent_is_not_said_to_be_absent(
    words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(symptom_answer_module, "verdict", lambda _: Verdict("ok", ()))
    symptom, others = symptom_of(words), map(symptom_of, ("GET /login 403", "403 Forbidden"))
    assert symptom
    assert answer(symptom, (page(200),))[0] == "unsent"
    assert answer(symptom, (replace(page(200), method="POST"),))[0] == "absent"
    for other in others:
        assert other
        assert answer(other, (page(200),))[0] == "absent"


def test_the_form_of_the_page_comes_before_that_of_the_log(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(symptom_answer_module, "verdict", lambda _: Verdict("ok", ()))
    symptom, origin = symptom_of("login 403"), "https://shop.example.com"
    form = Page(url=f"{origin}/", address=ADDRESS, port=443, posts=(f"{origin}/sign-in?a=b",))
    refused = FailedRequests(
        file="/a.log", method="POST", path="/login", status=400, written="", is_from_page=True
    )
    for observations, expected in (
        ((page(200), form, refused), f"{origin}/sign-in"),
        ((page(200), refused), f"{origin}/login"),
        ((page(200),), f"{origin}/"),
    ):
        answered = symptom_answer(report_about(symptom, observations))
        assert answered
        assert answered.form == expected


@pytest.mark.parametrize(
    ("attempts", "expected"),
    [
        ((), "unknown"),
        ((upgrade(401),), "unknown"),
        ((replace(upgrade(101), accepted=True),), "absent"),
    ],
    ids=["not tried", "behind a login", "opened"],
)
def test_a_websocket_that_no_run_opened_is_not_said_to_be_well(
    attempts: tuple[Upgrade, ...], expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(symptom_answer_module, "verdict", lambda _: Verdict("ok", ()))
    answer = symptom_answer(report_about(Symptom("websocket", "it does not connect"), attempts))
    assert answer
    assert answer.kind == expected


@pytest.mark.parametrize(
    ("kind", "words", "expected"),
    [
        ("timeout", "The terminal: timeout waiting for connection at shellserver.pl", "cause"),
        ("not-connected", "Couldn't establish a connection to wss://shop.example.com/ws", "cause"),
        ("closed", "网页终端连接已断开", "cause"),
        ("timeout", "Operation timed out after 5000 milliseconds", "unrelated"),
        ("name", "terminal: could not resolve host", "unrelated"),
    ],
)
@pytest.mark.parametrize(
    "check_id", ["server.websocket-not-passed", "websocket.upgrade-headers-missing"]
)
def test_what_runs_over_a_websocket_does_not_connect(
    kind: SymptomKind, words: str, expected: str, check_id: str
) -> None:
    """The page is there, so the connection that fails is that of the WebSocket."""
    assert answer(Symptom(kind, words), causes={check_id: ()})[0] == expected


def test_a_claim_that_rests_on_the_words_answers_them() -> None:
    report = report_about(Symptom("unusable", "m"), causes={"server.websocket-not-passed": ()})
    (finding,) = report.findings
    warning = replace(finding.claim, severity=Severity.WARNING)
    for is_reported, expected in ((True, "cause"), (False, "unrelated")):
        claim = replace(warning, is_reported=is_reported)
        result = symptom_answer(replace(report, findings=(replace(finding, claim=claim),)))
        assert result
        assert result.kind == expected


def test_a_check_that_needs_a_message_may_be_it() -> None:
    assert answer(Symptom("frame", "m"), causes={"server.application-limit": ()})[0] == "possible"


KEYCLOAK = "We are sorry... Invalid parameter: redirect_uri"
PHP = "Warning: Cannot modify header information - headers already sent by (output started at /x)"
PHP_PAGE = (
    "<br />\n<b>Warning</b>:  Cannot modify header information - headers already sent by (output "
    "started at /srv/shop/config.php:1) in <b>/srv/shop/login.php</b><br />\n<!doctype html>"
)


@pytest.mark.parametrize(
    ("message", "status", "body", "kind"),
    [
        (KEYCLOAK, 400, f"<h1>{KEYCLOAK}</h1>", "met"),
        (PHP, 200, PHP_PAGE, "met"),
        # A page that is well and quotes the error: a forum, a help page.
        (KEYCLOAK, 200, f"<h1>How to mend it</h1><pre>{KEYCLOAK}</pre>", "unknown"),
        (PHP, 200, f"<h1>How to mend it</h1><pre>{PHP}</pre>", "unknown"),
        (KEYCLOAK, 400, "<h1>Bad Request</h1>", "unknown"),
    ],
)
def test_a_message_whose_words_an_error_has_occurs_now(
    message: str, status: int, body: str, kind: str
) -> None:
    symptom = symptom_of(message) or Symptom("other", message)
    asked = replace(page(status), body=body)
    assert answer(symptom, (asked,))[0] == kind


def test_the_finding_that_names_the_answer_with_the_words_is_the_cause() -> None:
    symptom = symptom_of(KEYCLOAK)
    asked = replace(page(400), body=f"<h1>{KEYCLOAK}</h1>")
    assert symptom
    report = report_about(symptom, (asked,))
    claim = Claim(about=Subject(), because=(asked,), facts={"answer": "We are sorry..."})
    raised = with_reported_notes([(load_check("upstream.own-answer"), claim)], symptom)
    assert [each.severity for _, each in raised] == [Severity.WARNING]
    result = symptom_answer(replace(report, findings=(Finding("f1", *raised[0]),)))
    assert result
    assert result.kind == "cause"


@pytest.mark.parametrize(
    ("kind", "status", "expected"),
    [
        ("unusable", 404, "met"),
        ("unusable", 429, "met"),
        ("blank", 403, "met"),
        ("unusable", 200, "unknown"),
        # A sign-in that fails says nothing of this page.
        ("login", 404, "unknown"),
    ],
)
def test_a_page_that_is_refused_is_a_fault_for_who_says_that_it_is_not_shown(
    kind: SymptomKind, status: int, expected: str
) -> None:
    assert answer(Symptom(kind, "the home page does not open"), (page(status),))[0] == expected
