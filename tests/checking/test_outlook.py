"""What is still wrong after the fix: only what was seen behind the fault is called well."""

from dataclasses import replace

from diagnose.checking.outlook import Outlook, outlook
from diagnose.model import (
    Claim,
    Crash,
    Failure,
    Ignore,
    Observation,
    Report,
    Scope,
    Severity,
    Subject,
    Symptom,
    Vantage,
)
from diagnose.model.http import Upgrade
from tests.support.check_evidence import CHAT
from tests.support.proven_site import ANSWER_6, NAME_6, OPEN_6, SECURE_6, SOCKET
from tests.support.report_builder import (
    ANSWER,
    CLOSED,
    NAME,
    NO_IPV6,
    OPEN,
    SECURE,
    SERVER,
    WELL,
    check,
    refusal,
    report,
)

FIREWALL = (check("firewall.shut", Severity.ERROR, "tcp.*"), refusal())
TCP = (check("tcp.shut"), refusal())
SHUT = (NAME, CLOSED, NO_IPV6)
EXPIRED = replace(
    SECURE, verify_code=10, failure=Failure("certificate", "certificate has expired", 10)
)
#: The visit goes on without a verified certificate.
IN_SPITE = (replace(SECURE, variant="unverified"), replace(ANSWER, verified=False))
CERTIFICATE = (check("certificate.old"), refusal(because=(EXPIRED,)))
HTTP = (check("http.broken"), refusal(because=(ANSWER,)))


def from_server(*observations: Observation) -> tuple[Observation, ...]:
    return tuple(replace(each, vantage=Vantage.SERVER) for each in observations)


def after(made: Report) -> tuple[tuple[str, ...], bool, bool]:
    view = outlook(made)
    return view.unseen, view.from_server, view.is_clear


def test_what_a_closed_port_hides_is_unseen() -> None:
    assert after(report(*SHUT, raised=(TCP,))) == (("tls", "certificate", "http"), False, False)


def test_the_servers_own_view_shows_what_is_behind_a_closed_port() -> None:
    observations = (*SHUT, *from_server(SECURE, ANSWER))
    assert after(report(*observations, raised=(FIREWALL, TCP))) == ((), True, True)


def test_the_server_sees_the_door_but_not_the_answer() -> None:
    observations = (*SHUT, *from_server(SECURE))
    assert after(report(*observations, raised=(FIREWALL, TCP))) == (("http",), True, False)


def test_on_the_server_a_closed_firewall_hides_nothing() -> None:
    assert after(report(SERVER, *WELL, raised=(FIREWALL,))) == ((), True, True)


def test_a_visit_goes_on_in_spite_of_an_expired_certificate() -> None:
    observations = (NAME, OPEN, EXPIRED, *IN_SPITE, NO_IPV6)
    assert after(report(*observations, raised=(CERTIFICATE,))) == ((), False, True)


def test_the_answer_behind_a_wrong_one_is_unseen() -> None:
    broken = replace(ANSWER, status=502)
    observations = (NAME, OPEN, SECURE, broken, NO_IPV6)
    assert after(report(*observations, raised=(HTTP,))) == (("http",), False, False)
    upstream = (check("upstream.down"), Claim(about=Subject(port=443), because=(broken,)))
    assert after(report(*observations, raised=(upstream,)))[0] == ("http",)


def test_a_warning_hides_nothing() -> None:
    warning = (check("http.odd", Severity.WARNING), refusal(because=(ANSWER,)))
    assert after(report(*WELL, raised=(warning,))) == ((), False, True)


def test_two_faults_and_what_neither_hides() -> None:
    observations = (*SHUT, *from_server(EXPIRED, *IN_SPITE))
    made = report(*observations, raised=(FIREWALL, TCP, CERTIFICATE))
    assert after(made) == ((), True, True)
    first, second = made.causes
    assert outlook(made, first).remaining == (second,)
    assert not outlook(made, first).is_clear


def test_one_address_of_two_is_closed() -> None:
    closed_6 = replace(OPEN_6, failure=CLOSED.failure)
    observations: tuple[Observation, ...] = (NAME, NAME_6, OPEN, closed_6, SECURE, ANSWER)
    view = outlook(report(*observations, raised=(TCP,)))
    assert view.unseen == ("tls", "certificate", "http")
    assert view.places == ("[2001:db8::10]:443",)
    observations = (*observations, *from_server(SECURE_6, ANSWER_6))
    assert outlook(report(*observations, raised=(TCP,))).is_clear


def chat(*observations: Observation) -> Outlook:
    made = report(*observations, raised=((check("websocket.refused"), refusal()),))
    return outlook(replace(made, evidence=replace(made.evidence, target=CHAT)))


def test_a_websocket_is_seen_where_the_application_opens_it() -> None:
    refused = replace(SOCKET, status=400, accepted=False)
    assert chat(*WELL, refused).unseen == ("websocket",)
    direct: Upgrade = replace(SOCKET, through="application", vantage=Vantage.SERVER, port=3000)
    assert chat(*WELL, refused, direct).is_clear
    assert chat(*WELL, refused, direct).from_server
    other = replace(direct, path="/other")
    assert chat(*WELL, refused, other).unseen == ("websocket",)


def test_a_websocket_over_each_ip_version() -> None:
    both = (NAME, NAME_6, OPEN, OPEN_6, SECURE, SECURE_6, ANSWER, ANSWER_6)
    inside = from_server(SOCKET, SECURE, SECURE_6)
    assert chat(*both, *inside).unseen == ("websocket",)
    inside = (*inside, *from_server(replace(SOCKET, address="2001:db8::10")))
    assert outlook_of_tcp(*both, *inside).is_clear


def outlook_of_tcp(*observations: Observation) -> Outlook:
    made = report(*observations, raised=(TCP,))
    return outlook(replace(made, evidence=replace(made.evidence, target=CHAT)))


def test_a_pages_own_websocket_counts() -> None:
    fault = (check("websocket.refused"), refusal())
    assert outlook(report(*WELL, raised=(fault,))).unseen == ("websocket",)


def test_a_run_that_did_not_finish_shows_nothing() -> None:
    made = report(*WELL, raised=(CERTIFICATE,), crashes=(Crash("checks.http", "x"),))
    assert outlook(made).unfinished == ("crash",)
    assert not outlook(made).is_clear


def test_what_is_ignored_stays_wrong() -> None:
    made = report(*WELL, raised=(CERTIFICATE, HTTP))
    http = next(each for each in made.findings if each.check.layer == "http")
    kept = tuple(
        replace(each, suppressed_by=Ignore("http.broken")) if each is http else each
        for each in made.findings
    )
    view = outlook(replace(made, findings=kept))
    assert [each.check.id for each in view.ignored] == ["http.broken"]
    assert not view.is_clear


def test_a_message_that_the_cause_does_not_explain_stays_open() -> None:
    made = report(*WELL, raised=((check("certificate.expires-soon", Severity.WARNING), refusal()),))
    target = replace(made.evidence.target, symptom=Symptom("status", "502", 502))
    view = outlook(replace(made, evidence=replace(made.evidence, target=target)))
    assert view.unanswered
    assert not view.is_clear


def test_layers_that_the_user_left_out_are_not_judged() -> None:
    made = report(*WELL, raised=((check("tcp.slow", Severity.WARNING), refusal()),))
    only = replace(made, evidence=replace(made.evidence, scope=Scope(only=("tcp",))))
    assert outlook(only).unseen == ("dns", "tls", "certificate", "http")
    skip = replace(made, evidence=replace(made.evidence, scope=Scope(skip=("firewall",))))
    assert outlook(skip).unseen == ("firewall",)


def test_the_servers_view_alone() -> None:
    observations = from_server(SECURE, ANSWER)
    made = report(*observations, raised=(FIREWALL,))
    made = replace(made, evidence=replace(made.evidence, scope=Scope(outside=False)))
    assert after(made) == ((), True, True)
