"""What proves each layer of a target from one vantage, and what is missing otherwise."""

from dataclasses import replace

import pytest

from diagnose.checking.root_cause import findings
from diagnose.checking.target_proof import missing_from
from diagnose.model import (
    Claim,
    Evidence,
    Failure,
    Finding,
    Observation,
    Report,
    Scope,
    Severity,
    Subject,
    Target,
    Vantage,
)
from diagnose.model.dns import DnsAnswer
from diagnose.model.http import Exchange, Upgrade
from diagnose.model.tcp import Connection
from diagnose.model.tls import Handshake
from tests.support.check_evidence import CHAT, NOW, SHOP, TIMEOUT
from tests.support.proven_site import BOTH, NAME_6, OPEN_6, PAGE, PLAIN, SIX, SOCKET
from tests.support.report_builder import ANSWER, LEAF, NAME, NO_IPV6, OPEN, SECURE, WELL, check

HERE, SERVER = Vantage.HERE, Vantage.SERVER
SOCKETS = replace(SHOP, websockets=("/ws", "/chat"))
DENIED = Failure("certificate", "certificate has expired", 10)


def lacks(
    layer: str,
    *observations: Observation,
    target: Target = SHOP,
    family: int | None = None,
    vantage: Vantage = HERE,
    notes: tuple[Finding, ...] = (),
) -> list[str]:
    report = Report(Evidence(target, NOW, observations, Scope(family=family)), notes)
    missing = missing_from(report, vantage, layer)
    return [f"{item.step} {', '.join(item.places)}" for item in missing]


@pytest.mark.parametrize("layer", ["dns", "tcp", "tls", "certificate", "http"])
def test_a_layer_seen_whole_lacks_nothing_and_without_an_address_the_name(layer: str) -> None:
    assert lacks(layer, *WELL) == lacks(layer, *BOTH) == []
    assert lacks(layer) == ["addresses shop.example.com"]


def test_a_name_must_be_resolved_for_each_version_of_ip_that_is_asked_for() -> None:
    assert lacks("dns", NAME) == ["addresses shop.example.com (IPv6)"]
    assert lacks("dns", NAME, family=4) == []
    assert lacks("dns", replace(NAME, via="option")) == []


def test_no_address_is_an_answer_if_it_is_said_by_the_system_or_by_dns() -> None:
    again = replace(NO_IPV6, failure=Failure("resolution", "try again", -3, "EAI_AGAIN"))
    none = DnsAnswer(name=SHOP.host, rdtype="AAAA", server="192.0.2.53", rcode="NOERROR")
    assert lacks("dns", NAME, again) == ["addresses shop.example.com (IPv6)"]
    assert lacks("dns", NAME, again, none) == []
    assert lacks("dns", NAME, again, replace(none, rcode="SERVFAIL")) != []


def test_a_connection_to_the_targets_own_port_is_needed_on_each_address() -> None:
    failed = replace(OPEN, failure=TIMEOUT)
    assert lacks("tcp", NAME, NAME_6, failed, replace(OPEN, purpose="again"), OPEN_6) == []
    others: tuple[Connection, ...] = (PLAIN, replace(OPEN, port=22, purpose="control"), failed)
    assert lacks("tcp", NAME, NAME_6, *others) == [f"connection 203.0.113.10:443, [{SIX}]:443"]


def test_a_handshake_that_failed_over_the_certificate_is_done_but_not_verified() -> None:
    rejected, behind = replace(SECURE, failure=DENIED), replace(SECURE, variant="unverified")
    seen = (NAME, NO_IPV6, OPEN, rejected, behind)
    assert lacks("tls", *seen) == []
    assert lacks("certificate", *seen) == ["verification 203.0.113.10:443"]
    assert lacks("tls", NAME, NO_IPV6, behind) == ["handshake 203.0.113.10:443"]


@pytest.mark.parametrize(
    "shown",
    [
        replace(SECURE, verify_code=None),
        replace(SECURE, verify_code=20),
        replace(SECURE, chain=()),
        replace(SECURE, variant="unverified"),
        replace(SECURE, chain=(replace(LEAF, dns_names=("blog.example.com",)),)),
    ],
)
def test_a_certificate_that_was_not_verified_proves_nothing(shown: Handshake) -> None:
    assert lacks("certificate", NAME, NO_IPV6, shown) == ["verification 203.0.113.10:443"]


def test_a_visitors_handshake_that_failed_is_not_forgotten_because_another_did_not() -> None:
    failed = replace(SECURE, chain=(), verify_code=None, failure=Failure("other", "odd"))
    seen = (NAME, NO_IPV6, failed, replace(SECURE, variant="again"))
    assert lacks("tls", *seen) == ["handshake 203.0.113.10:443"]
    assert lacks("certificate", *seen) == ["verification 203.0.113.10:443"]


@pytest.mark.parametrize(
    "answer", [PAGE, replace(ANSWER, failure=TIMEOUT), replace(ANSWER, status=None)]
)
def test_a_response_must_be_whole_and_from_the_targets_own_port(answer: Exchange) -> None:
    assert lacks("http", NAME, NO_IPV6, answer) == ["answer 203.0.113.10:443"]


def test_an_open_websocket_is_the_answer_of_a_wss_target_only() -> None:
    assert lacks("http", NAME, NO_IPV6, SOCKET, target=CHAT) == []
    assert lacks("http", NAME, NO_IPV6, SOCKET, target=SOCKETS) == ["answer 203.0.113.10:443"]
    refused = replace(SOCKET, accepted=False, status=401)
    assert lacks("http", NAME, NO_IPV6, refused, target=CHAT) != []


def test_a_websocket_is_proven_over_each_version_of_ip() -> None:
    missing = ["websocket /ws (IPv6)", "websocket /chat"]
    assert lacks("websocket", *BOTH, SOCKET, target=SOCKETS) == missing


@pytest.mark.parametrize(
    ("socket", "opened"),
    [
        (replace(SOCKET, variant="subprotocol"), True),
        (replace(SOCKET, variant="no-ping"), True),
        (replace(SOCKET, variant="again"), True),
        (replace(SOCKET, variant="no-origin"), False),
        (replace(SOCKET, through="application"), False),
        (replace(SOCKET, port=8443), False),
        (replace(SOCKET, ended="close", close_code=4401), False),
        (replace(SOCKET, failure=TIMEOUT), False),
    ],
)
def test_a_websocket_must_open_as_browsers_open_it_and_stay(socket: Upgrade, opened: bool) -> None:
    missing = lacks("websocket", *WELL, socket, target=replace(SHOP, websockets=("/ws",)))
    assert missing == ([] if opened else ["websocket /ws"])


def test_each_vantage_counts_only_what_it_saw_itself() -> None:
    inside = tuple(replace(seen, vantage=SERVER, address="127.0.0.1") for seen in (SECURE, ANSWER))
    assert lacks("http", *inside, vantage=SERVER) == []
    assert lacks("http", *inside[:1], vantage=SERVER) == ["answer 127.0.0.1:443"]
    assert lacks("http", *WELL, vantage=SERVER) == ["addresses shop.example.com"]
    assert lacks("http", NAME, NO_IPV6, replace(ANSWER, vantage=SERVER)) != []


def test_an_address_to_which_this_machine_has_no_way_is_not_to_be_judged() -> None:
    gone = replace(OPEN_6, failure=Failure("unreachable", "no", 101, "ENETUNREACH"))
    claim = Claim(about=Subject(address=SIX), because=(gone,))
    note = findings([(check("host.no-route", Severity.NOTE), claim)])
    error = findings([(check("host.no-route", Severity.ERROR), claim)])
    seen = (NAME, NAME_6, OPEN, gone)
    assert lacks("tcp", *seen, notes=note) == []
    assert lacks("tcp", *seen) == lacks("tcp", *seen, notes=error) == [f"connection [{SIX}]:443"]
    assert lacks("tcp", NAME_6, gone, family=6, notes=note) == [f"connection [{SIX}]:443"]


def test_the_attempts_in_vain_are_named() -> None:
    refused = replace(SOCKET, accepted=False, status=401, reason="Unauthorized", fault="status")
    target = replace(SHOP, websockets=("/ws",))
    (missing,) = missing_from(Report(Evidence(target, NOW, (*WELL, refused))), HERE, "websocket")
    assert (missing.layer, missing.attempts) == ("websocket", (refused,))


@pytest.mark.parametrize(
    ("location", "code", "missing"),
    [
        ("https://new.example.net/", -3, ["answer https://new.example.net/"]),
        # The name does not exist: a finding says so.
        ("https://new.example.net/", -2, []),
        # The login leads back to the site.
        ("https://id.example.net/?redirect_uri=https%3A%2F%2Fshop.example.com%2F", -3, []),
        ("https://id.example.net/?rd=https%3A%2F%2Fshop.example.com%2Fcart", -3, []),
        (
            "https://id.example.net/?rd=https%3A%2F%2Fblog.example.com%2F",
            -3,
            ["answer https://id.example.net/?rd=https%3A%2F%2Fblog.example.com%2F"],
        ),
    ],
)
def test_a_page_behind_a_redirect_is_answered_if_its_name_could_be_looked_up(
    location: str, code: int, missing: list[str]
) -> None:
    page = replace(ANSWER, status=302, headers=(("Location", location),))
    unsent = replace(
        ANSWER, url=location, purpose="redirect", status=None, headers=(),
        failure=Failure("resolution", "Temporary failure in name resolution", code),
    )  # fmt: skip
    assert lacks("http", NAME, NO_IPV6, OPEN, SECURE, page, unsent) == missing
