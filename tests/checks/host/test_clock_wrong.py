from datetime import timedelta

from diagnose.checking.registry import load_check
from diagnose.checking.root_cause import findings
from diagnose.model import Confidence, Host, Severity, Vantage
from diagnose.model.clock import Clock
from diagnose.model.kernel import TimeSync
from diagnose.model.tls import Certificate, Handshake
from tests.support.check_evidence import NOW, judge

DAY = 86400.0


def clock(ahead: float, source: str = "203.0.113.10") -> Clock:
    return Clock(source=source, ahead_s=ahead)


def served(since: timedelta, until: timedelta, code: int = 0) -> Handshake:
    leaf = Certificate(
        subject="CN=shop.example.com",
        issuer="CN=Authority",
        serial="1",
        not_before=NOW + since,
        not_after=NOW + until,
        sha256="00",
        dns_names=("shop.example.com",),
    )
    return Handshake(address="203.0.113.10", port=443, chain=(leaf,), verify_code=code)


GOOD = served(timedelta(days=-30), timedelta(days=60))


def test_fires_where_the_certificate_is_valid_by_the_servers_clock_only() -> None:
    early = served(timedelta(days=2), timedelta(days=92), 9)
    (claim,) = judge("host.clock-wrong", clock(-3 * DAY), early)
    assert claim.severity is None
    assert claim.confidence is Confidence.LIKELY
    assert claim.facts["days"] == 3
    assert not claim.facts["ahead"]


def test_fires_and_explains_the_certificate() -> None:
    over = served(timedelta(days=-100), timedelta(days=-10), 10)
    (claim,) = judge("host.clock-wrong", clock(20 * DAY), over)
    (expired,) = judge("certificate.expired", clock(20 * DAY), over)
    cause, symptom = findings(
        [(load_check("certificate.expired"), expired), (load_check("host.clock-wrong"), claim)]
    )
    assert cause.check.id == "host.clock-wrong"
    assert symptom.explained_by == cause.id


def test_notes_a_difference_that_nothing_decides() -> None:
    (claim,) = judge("host.clock-wrong", clock(300.0), GOOD)
    assert claim.severity is Severity.NOTE
    assert claim.facts["open"]


def test_notes_that_the_server_is_wrong_where_its_certificate_says_so() -> None:
    (claim,) = judge("host.clock-wrong", clock(40 * DAY), GOOD)
    assert claim.severity is Severity.NOTE
    assert claim.facts["theirs"]


def test_notes_that_the_server_is_wrong_where_another_agrees_with_this_machine() -> None:
    early = served(timedelta(days=2), timedelta(days=92), 9)
    (claim,) = judge("host.clock-wrong", clock(-3 * DAY), clock(0.4, "203.0.113.11"), early)
    assert claim.severity is Severity.NOTE
    assert claim.facts["theirs"]


def test_silent_within_a_minute() -> None:
    assert not judge("host.clock-wrong", clock(59.0), clock(-59.0), GOOD)


def sync(synchronized: bool | None) -> TimeSync:
    return TimeSync(vantage=Vantage.SERVER, synchronized=synchronized)


def test_notes_that_this_machine_is_wrong_where_the_servers_clock_follows_others() -> None:
    (claim,) = judge("host.clock-wrong", clock(300.0), GOOD, sync(True))
    assert claim.severity is Severity.NOTE
    assert claim.facts["ours"]
    assert claim.facts["follows"]
    assert not claim.facts["certificate"]


def test_fires_as_a_warning_where_the_server_is_wrong_and_follows_nobody() -> None:
    (claim,) = judge("host.clock-wrong", clock(40 * DAY), GOOD, sync(False))
    assert claim.severity is Severity.WARNING
    assert claim.facts["alone"]


def test_notes_only_a_difference_where_nobody_there_knows() -> None:
    (claim,) = judge("host.clock-wrong", clock(300.0), GOOD, sync(None))
    assert claim.facts["open"]


def test_silent_about_what_this_machine_says_of_itself() -> None:
    here = Host(vantage=Vantage.SERVER, hostname="web", role="server", via="local")
    (claim,) = judge("host.clock-wrong", clock(300.0), GOOD, here, sync(True))
    assert claim.facts["open"]
