"""Whether a fix is kept: what stood before it, what stands now, and what either rests on."""

from dataclasses import replace

from diagnose.checking.registry import load_check as check
from diagnose.fixing.verification import regression_reason
from diagnose.model import Claim, Failure, Finding, Location, Observation, Report, Severity, Subject
from diagnose.model.http import Exchange, Upgrade
from diagnose.model.logs import ErrorLog, LogLine
from diagnose.model.netfilter import Ruleset
from diagnose.model.nginx import NginxConfig, NginxState, NginxTest
from diagnose.model.requests import Asked
from diagnose.model.tcp import Connection
from diagnose.model.tls import Handshake
from diagnose.parsers.nginx.config import messages
from tests.support.check_evidence import REFUSED, TIMEOUT, evidence
from tests.support.report_builder import ADDRESS, LEAF, SERVER

HTTPS, HTTP = (Subject(address=ADDRESS, port=port) for port in (443, 80))
OPEN = Connection(address=ADDRESS, port=443, family=4, equivalent="nc 443")
SHUT = replace(OPEN, failure=TIMEOUT)
REFUSES = replace(OPEN, failure=REFUSED)
REJECTED = Failure("certificate", "certificate has expired", 10)
SECURE = Handshake(address=ADDRESS, port=443, chain=(LEAF,), verify_code=0, equivalent="openssl")
BAD = replace(SECURE, verify_code=10, failure=REJECTED)
OTHER = replace(BAD, verify_code=20, chain=(replace(LEAF, sha256="cd" * 32),))
RULES = Ruleset(tool="nft", text="…", equivalent="nft list ruleset")
RUNS = NginxState(installed=True, equivalent="ps")
LOG = ErrorLog(file="error.log", until=0.0, equivalent="tail error.log")
LINE = LogLine(file="error.log", when=0.0, level="emerg", pid=1, text="bind() failed",
               equivalent="tail error.log")  # fmt: skip


def answer(status: int, scheme: str = "https", port: int = 443) -> Exchange:
    url = f"{scheme}://shop.example.com/"
    return Exchange(url=url, address=ADDRESS, port=port, status=status, equivalent=f"curl {url}")


def handshake(status: int) -> Upgrade:
    return Upgrade(
        url="wss://shop.example.com/ws",
        path="/ws",
        address=ADDRESS,
        port=443,
        status=status,
        accepted=status == 101,
        equivalent="curl wss:",
    )


def finding_of(
    name: str,
    *looks: Observation,
    about: Subject = HTTPS,
    by: str | None = None,
    severity: Severity | None = None,
) -> Finding:
    """A finding whose number is its own name; `by` is what explains it."""
    claim = Claim(about=about, because=looks, severity=severity)
    return Finding(name, check(name), claim, by)


def report(*parts: Finding | Observation) -> Report:
    """All that the findings rest on was seen, and what is named besides."""
    found = tuple(part for part in parts if isinstance(part, Finding))
    seen = [part for part in parts if isinstance(part, Observation)]
    seen += [look for one in found for look in one.claim.because]
    return Report(evidence(*dict.fromkeys(seen)), found)


# What it was about is still there


def test_a_cause_that_still_stands_is_no_success() -> None:
    cause = finding_of("certificate.expired", BAD)
    assert (
        regression_reason(cause, report(cause), report(cause))
        == "certificate.expired is still there"
    )


def test_what_followed_from_it_and_stands_by_itself_is_no_success() -> None:
    cause = finding_of("firewall.port-closed")
    before = report(cause, finding_of("tcp.timeout", SHUT, by=cause.id))
    after = report(finding_of("tcp.timeout", SHUT))
    assert regression_reason(cause, before, after) == "tcp.timeout is still there"


def test_what_is_left_of_it_has_another_cause_where_a_visit_gets_further() -> None:
    """nginx runs and answers on this machine; the firewall's own files have the port closed."""
    cause = finding_of("nginx.not-running", RUNS)
    refused = finding_of("tcp.refused", REFUSES, by=cause.id)
    closed = finding_of("firewall.port-closed", RULES, by=cause.id)
    before = report(cause, refused, closed)
    left = replace(closed, explained_by=None)
    assert regression_reason(cause, before, report(left, OPEN)) is None
    said = regression_reason(cause, before, report(left, REFUSES))
    assert said == "firewall.port-closed is still there"


def test_a_symptom_that_is_fixed_takes_its_cause_with_it() -> None:
    cause = finding_of("firewall.port-closed")
    symptom = finding_of("tcp.timeout", SHUT, by=cause.id)
    before = report(cause, symptom)
    assert regression_reason(symptom, before, report(OPEN)) is None
    said = regression_reason(symptom, before, report(cause, OPEN))
    assert said == "firewall.port-closed is still there"
    said = regression_reason(symptom, before, report(finding_of("tcp.refused", by="f9"), symptom))
    assert said == "tcp.timeout is still there"


def test_a_configuration_that_is_valid_now_stays_although_nginx_does_not_run() -> None:
    refused = NginxTest(binary="nginx", passed=False, equivalent="nginx -t")
    cause = finding_of("nginx.config-invalid", refused)
    idle = finding_of("nginx.not-running", RUNS, by=cause.id)
    left = replace(idle, explained_by=None)
    before = report(cause, idle)
    assert regression_reason(cause, before, report(left, replace(refused, passed=True))) is None
    said = regression_reason(cause, before, report(left, refused))
    assert said == "nginx.not-running is still there"


def test_an_application_that_answers_with_an_error_of_its_own_is_reached() -> None:
    cause = finding_of("upstream.plain-to-tls")
    before = report(cause, finding_of("http.server-error", answer(502), by=cause.id))
    assert (
        regression_reason(cause, before, report(finding_of("http.server-error", answer(500))))
        is None
    )
    for status in (502, 504):
        left = report(finding_of("http.server-error", answer(status)))
        said = regression_reason(cause, before, left)
        assert said == "http.server-error is still there"


def test_what_the_servers_own_visit_meets_did_not_follow_from_a_rule_for_visitors() -> None:
    cause = finding_of("firewall.forward-port")
    looped = finding_of("http.redirect-loop", answer(301), by=cause.id)
    left = report(replace(looped, explained_by=None))
    assert regression_reason(cause, report(cause, looped, SERVER), left) is None
    said = regression_reason(cause, report(cause, looped), left)
    assert said == "http.redirect-loop is still there"


def test_a_cause_that_stands_is_no_success_although_a_visit_gets_further() -> None:
    cause = finding_of("nginx.not-running", REFUSES)
    left = finding_of("nginx.not-running", RUNS)
    said = regression_reason(cause, report(cause), report(left, OPEN))
    assert said == "nginx.not-running is still there"


def test_another_fault_of_that_name_that_stood_before_is_not_what_followed() -> None:
    cause = finding_of("firewall.port-closed")
    apart = finding_of("tcp.refused", replace(REFUSES, port=80, equivalent="nc 80"), about=HTTP)
    before = report(cause, finding_of("tcp.refused", REFUSES, by=cause.id), apart)
    assert regression_reason(cause, before, report(apart, OPEN)) is None


def test_the_next_rule_in_the_way_is_another_cause() -> None:
    first, second = (
        finding_of(
            "firewall.ruleset-blocks", RULES, about=Subject(port=443, text=f"nft inet {name}")
        )
        for name in ("guard input", "filter input")
    )
    assert regression_reason(first, report(first), report(second)) is None


# What was seen to work is broken


def test_an_error_where_none_was_is_taken_back() -> None:
    cause = finding_of("websocket.upgrade-headers-missing")
    before = report(cause, OPEN, SECURE, answer(200))
    after = report(finding_of("http.server-error", answer(502)))
    assert regression_reason(cause, before, after) == "http.server-error is there now"


def test_a_warning_that_becomes_an_error_of_its_layer_is_taken_back() -> None:
    plain = answer(200, "http", 80)
    cause = finding_of("http.no-redirect", plain, about=HTTP, severity=Severity.WARNING)
    led = answer(301, "http", 80)
    after = report(finding_of("http.redirect-loop", led, answer(301)))
    assert (
        regression_reason(cause, report(cause, answer(200)), after)
        == "http.redirect-loop is there now"
    )


def test_a_second_port_that_is_broken_too_is_taken_back() -> None:
    plain = replace(OPEN, port=80, equivalent="nc 80")
    cause = finding_of("tcp.refused", REFUSES)
    now = finding_of("tcp.refused", replace(plain, failure=REFUSED), about=HTTP)
    assert regression_reason(cause, report(cause, plain), report(now)) == "tcp.refused is there now"


def test_a_consequence_that_was_not_there_shows_what_its_cause_has_broken() -> None:
    """The layer of the cause was at fault before, that of its consequence was not."""
    everything = Subject()
    cause = finding_of("nginx.no-matching-server", about=everything)
    before = report(cause, OPEN, RUNS)
    dead = finding_of("nginx.not-running", RUNS, about=everything)
    after = report(dead, finding_of("tcp.refused", REFUSES, by=dead.id))
    assert regression_reason(cause, before, after) == "nginx.not-running is there now"


def test_a_log_that_was_read_before_had_no_such_line() -> None:
    cause = finding_of("websocket.upgrade-headers-missing")
    failed = finding_of("nginx.reload-failed", RUNS, LINE)
    said = regression_reason(cause, report(cause, RUNS, LOG), report(failed))
    assert said == "nginx.reload-failed is there now"


def test_a_consequence_of_what_stood_before_is_nothing_new() -> None:
    cause = finding_of("upstream.refused", about=Subject(text="127.0.0.1:3000"))
    stays = finding_of("certificate.expired", BAD)
    before = report(cause, stays, answer(200))
    traps = finding_of("http.hsts-traps-visitors", answer(200), by=stays.id)
    assert regression_reason(cause, before, report(stays, traps)) is None


# What came to light


def test_what_is_behind_a_door_that_has_opened_was_broken_before() -> None:
    cause = finding_of("firewall.port-closed")
    before = report(cause, finding_of("tcp.timeout", SHUT, by=cause.id))
    assert (
        regression_reason(cause, before, report(OPEN, finding_of("certificate.expired", BAD)))
        is None
    )


def test_another_door_that_was_open_says_nothing_of_this_one() -> None:
    """Port 80 was answered well; 443 is seen for the first time."""
    cause = finding_of("firewall.port-closed")
    before = report(cause, answer(301, "http", 80), finding_of("tcp.timeout", SHUT, by=cause.id))
    after = report(finding_of("http.server-error", answer(502)), answer(301, "http", 80))
    assert regression_reason(cause, before, after) is None


def test_a_circle_that_is_closed_by_what_had_not_been_seen_came_to_light() -> None:
    cause = finding_of("firewall.port-closed")
    led = answer(301, "http", 80)
    after = report(finding_of("http.redirect-loop", led, answer(301)))
    assert regression_reason(cause, report(cause, led, SHUT), after) is None


def test_who_was_led_in_circles_meets_the_application_now() -> None:
    cause = finding_of("http.redirect-loop", answer(301))
    assert (
        regression_reason(
            cause, report(cause), report(finding_of("http.server-error", answer(500)))
        )
        is None
    )


def test_an_application_that_gets_the_upgrade_may_refuse_it() -> None:
    cause = finding_of("websocket.upgrade-headers-missing")
    before = report(cause, finding_of("websocket.not-upgraded", handshake(426), by=cause.id))
    assert (
        regression_reason(
            cause, before, report(finding_of("websocket.origin-refused", handshake(403)))
        )
        is None
    )


def test_who_is_let_in_may_find_the_answers_are_not_let_out() -> None:
    cause = finding_of(
        "firewall.ruleset-blocks", RULES, about=Subject(port=443, text="nft inet in")
    )
    out = finding_of("firewall.egress-blocks", RULES, about=Subject(port=443, text="nft inet out"))
    assert regression_reason(cause, report(cause), report(out)) is None


def test_nginx_names_one_fault_and_behind_it_the_next() -> None:
    named = NginxTest(binary="nginx", passed=False, equivalent="nginx -t")
    cause = finding_of("nginx.config-invalid", named, about=Subject(text="shop.conf:2"))
    next_one = finding_of("nginx.key-mismatch", named, about=Subject(text="shop.conf:9"))
    assert regression_reason(cause, report(cause), report(next_one)) is None


def test_what_followed_from_a_fault_may_be_said_of_the_next_one() -> None:
    old, new = (
        NginxTest(binary="nginx", passed=False, messages=messages(f"nginx: [emerg] {text}\n"))
        for text in (
            'unknown directive "ssl" in /a.conf:2',
            'unknown directive "lisen" in /a.conf:1',
        )
    )
    cause = finding_of("nginx.directive-unsupported", old)
    before = report(cause, finding_of("nginx.config-invalid", old, by=cause.id))
    assert regression_reason(cause, before, report(finding_of("nginx.config-invalid", new))) is None
    left = report(finding_of("nginx.config-invalid", old))
    assert regression_reason(cause, before, left) == "nginx.config-invalid is still there"


def test_what_is_read_in_a_file_did_not_follow_from_what_is_mended_elsewhere() -> None:
    cause = finding_of("firewall.forward-port")
    stripped = finding_of("websocket.path-stripped", handshake(404), by=cause.id)
    there = replace(stripped.claim, location=Location("/etc/nginx/conf.d/shop.conf", 17, 5, 9))
    before = report(cause, replace(stripped, claim=there))
    after = report(replace(stripped, claim=there, explained_by=None))
    assert regression_reason(cause, before, after) is None
    met = report(replace(stripped, explained_by=None))
    assert regression_reason(cause, before, met) == "websocket.path-stripped is still there"


def test_a_handshake_that_was_refused_is_no_witness_of_one_that_works() -> None:
    """Plain HTTP was sent to a port of TLS; behind it the application does not get the Upgrade."""
    cause = finding_of("upstream.plain-to-tls")
    lost = report(finding_of("websocket.upgrade-headers-missing", handshake(426)))
    assert regression_reason(cause, report(cause, handshake(400)), lost) is None
    opened = report(cause, handshake(101))
    assert (
        regression_reason(cause, opened, lost) == "websocket.upgrade-headers-missing is there now"
    )


def test_what_was_tried_only_now_came_to_light() -> None:
    """nginx's files were read before; the application was first asked when the site failed."""
    cause = finding_of("dns.hosts-override")
    files = NginxConfig(path="/etc/nginx/nginx.conf", equivalent="nginx -T")
    end = "http://127.0.0.1:3000"
    asked = Asked(target=end, path="/", address="127.0.0.1", port=3000, equivalent="curl 3000")
    before = report(cause, files)
    assert (
        regression_reason(
            cause, before, report(finding_of("upstream.wrong-host-header", asked, files))
        )
        is None
    )
    after = report(finding_of("websocket.no-location", files))
    assert regression_reason(cause, before, after) == "websocket.no-location is there now"


# Certificates


def test_a_fault_of_the_certificate_exchanged_for_another_is_taken_back() -> None:
    cause = finding_of("certificate.renewed-elsewhere", BAD)
    before = report(cause, finding_of("certificate.expired", BAD, by=cause.id))
    after = report(finding_of("certificate.untrusted-root", OTHER))
    assert regression_reason(cause, before, after) == "certificate.untrusted-root is there now"


def test_a_warning_about_the_certificate_exchanged_for_an_error_is_taken_back() -> None:
    cause = finding_of("certificate.renewed-elsewhere", SECURE, severity=Severity.WARNING)
    after = report(finding_of("certificate.untrusted-root", OTHER))
    assert (
        regression_reason(cause, report(cause), after) == "certificate.untrusted-root is there now"
    )


def test_of_the_same_certificate_a_whole_chain_shows_a_root_that_nobody_trusts() -> None:
    cause = finding_of("certificate.chain-incomplete", BAD)
    rooted = replace(BAD, verify_code=19, chain=(LEAF, replace(LEAF, sha256="ef" * 32)))
    assert (
        regression_reason(
            cause, report(cause), report(finding_of("certificate.untrusted-root", rooted))
        )
        is None
    )


def test_a_remedy_of_nginx_may_bring_the_sites_own_bad_certificate_to_light() -> None:
    cause = finding_of("nginx.no-matching-server")
    before = report(cause, finding_of("certificate.name-mismatch", BAD, by=cause.id))
    assert (
        regression_reason(cause, before, report(finding_of("certificate.untrusted-root", OTHER)))
        is None
    )
