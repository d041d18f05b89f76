"""server.visitor-denied: when it fires, and when it is silent."""

from dataclasses import replace

from diagnose.model import Applicability, Claim, Confidence, Edit, Manual, Observation, Severity
from diagnose.model.dns import DnsAnswer
from diagnose.model.http import Exchange
from diagnose.model.server_rules import AddressTest, AnsweringRule
from diagnose.model.symptom import Symptom
from diagnose.model.visitor import RefusedClients, Visitor
from diagnose.model.web_servers import ServerFile, WebServerConfig
from diagnose.parsers.address_tests import TRUE, joined
from tests.support.check_evidence import SHOP, judge
from tests.support.web_server_evidence import APACHE, LISTENING, apache_config

CHECK = "server.visitor-denied"
VISITOR, FILE = "198.51.100.10", "/etc/apache2/blocklist.conf"
PAGE = Exchange(url="https://shop.example.com/", address="203.0.113.10", port=443, status=200)
LOG = RefusedClients(
    file="/var/log/apache2/access.log", path="/", clients=(VISITOR,),
    written="01/Dec/2026:12:00:00 +0000", server="apache",
)  # fmt: skip


def leaf(line: int, *networks: str) -> tuple[AddressTest, ...]:
    return (AddressTest(0, "in", networks, FILE, line),)


def banning(*networks: str) -> tuple[AddressTest, ...]:
    bans = joined("none", [leaf(1, *networks)])
    return joined("none", [joined("all", [TRUE, bans])])


def allowing(*networks: str) -> tuple[AddressTest, ...]:
    return joined("none", [leaf(1, *networks)])


def config(text: str, tests: tuple[AddressTest, ...]) -> WebServerConfig:
    rule = AnsweringRule("/", 403, text, "Directory /srv", ("address",), file=FILE, line=1)
    files = (ServerFile(FILE, f"{text}\n"),)
    return replace(apache_config(), rules=(replace(rule, refuses=tests),), files=files)


BANNED = config("Require not ip 198.51.100.10", banning("198.51.100.10/32"))
OFFICE = config("Require ip 192.0.2.0/24 10.0.0.0/8", allowing("192.0.2.0/24", "10.0.0.0/8"))


def asked(*observations: Observation, message: str = "", number: int | None = 403) -> list[Claim]:
    # The stand-in of a network is not one of the stand-ins of its addresses.
    symptom = Symptom("status" if number else "some-visitors", message, number) if message else None
    target = replace(SHOP, symptom=symptom)
    return judge(CHECK, APACHE, LISTENING, PAGE, *observations, target=target, masked=False)


def test_fires_for_the_visitor_of_the_option_and_takes_the_line_out() -> None:
    (claim,) = asked(BANNED, Visitor(address=VISITOR))
    assert (claim.confidence, claim.severity) == (Confidence.CERTAIN, None)
    assert claim.fix is not None
    assert claim.fix.applicability is Applicability.REVIEW
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "-Require not ip 198.51.100.10" in edit.diff
    assert "+Require" not in edit.diff


def test_fires_for_an_address_in_the_message() -> None:
    (claim,) = asked(BANNED, message=f"our customer at {VISITOR} gets 403")
    assert (claim.confidence, claim.severity) == (Confidence.LIKELY, None)
    (logged,) = asked(BANNED, LOG, message=f"our customer at {VISITOR} gets 403")
    assert logged.confidence is Confidence.CERTAIN


def test_fires_for_whom_the_log_has_after_a_message_about_403() -> None:
    (claim,) = asked(BANNED, LOG, message="403 Forbidden")
    assert (claim.confidence, claim.severity) == (Confidence.LIKELY, Severity.WARNING)


def test_fires_and_writes_the_rest_of_a_network() -> None:
    network = config("Require not ip 198.51.100.8/30", banning("198.51.100.8/30"))
    (claim,) = asked(network, Visitor(address=VISITOR))
    edit = claim.fix.steps[0] if claim.fix else None
    assert isinstance(edit, Edit)
    assert "+Require not ip 198.51.100.8/31 198.51.100.11" in edit.diff


def test_fires_and_adds_a_visitor_to_those_who_may_come_in() -> None:
    (claim,) = asked(OFFICE, Visitor(address=VISITOR))
    edit = claim.fix.steps[0] if claim.fix else None
    assert isinstance(edit, Edit)
    assert f"+Require ip 192.0.2.0/24 10.0.0.0/8 {VISITOR}" in edit.diff


def test_fires_and_leaves_the_comment_of_a_line_alone() -> None:
    text = "Require ip 192.0.2.0/24 # office 192.0.2.0/24"
    (claim,) = asked(config(text, allowing("192.0.2.0/24")), Visitor(address=VISITOR))
    edit = claim.fix.steps[0] if claim.fix else None
    assert isinstance(edit, Edit)
    assert f"+Require ip 192.0.2.0/24 {VISITOR} # office 192.0.2.0/24" in edit.diff


def test_fires_and_leaves_a_quoted_list_to_a_person() -> None:
    text = 'Require not ip "192.0.2.9 198.51.100.10"'
    (claim,) = asked(
        config(text, banning("192.0.2.9/32", "198.51.100.10/32")), Visitor(address=VISITOR)
    )
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


def both_families() -> tuple[DnsAnswer, DnsAnswer]:
    name = "shop.example.com"
    return (
        DnsAnswer(
            name=name, rdtype="A", server="192.0.2.53", purpose="target", records=("203.0.113.10",)
        ),
        DnsAnswer(
            name=name,
            rdtype="AAAA",
            server="192.0.2.53",
            purpose="target",
            records=("2001:db8:2::10",),
        ),
    )


def test_fires_where_the_list_has_one_family() -> None:
    log = replace(LOG, clients=("2001:db8:1::10",))
    (claim,) = asked(OFFICE, log, *both_families())
    # Nobody asks for the visitor of the log: a person looks at the network first.
    assert claim.fix is not None
    assert claim.fix.applicability is Applicability.MANUAL
    (first,) = claim.fix.steps
    assert isinstance(first, Manual)
    assert (first.step, len(first.commands) > 1) == ("is-it-yours", True)
    two = replace(LOG, clients=("2001:db8:1::10", "2001:db8:77::10"))
    (claim,) = asked(OFFICE, two, *both_families())
    assert claim.fix is not None
    assert claim.fix.applicability is Applicability.MANUAL
    (claim,) = asked(OFFICE, log, *both_families(), message="403 Forbidden")
    assert (claim.facts["only"], claim.facts["lacking"]) == ("IPv4", "IPv6")
    edit = claim.fix.steps[0] if claim.fix else None
    assert isinstance(edit, Edit)
    assert "10.0.0.0/8 2001:db8:1::/64" in edit.diff


def test_silent_where_visitors_of_both_families_are_refused() -> None:
    log = replace(LOG, clients=("2001:db8:1::10", "198.51.100.77"))
    assert not asked(OFFICE, log, *both_families())


def test_silent_for_a_list_of_one_office() -> None:
    office = config("Require ip 192.0.2.0/24", allowing("192.0.2.0/24"))
    log = replace(LOG, clients=("2001:db8:1::10",))
    assert not asked(office, log, *both_families())


def test_silent_for_a_visitor_who_is_not_in_the_list() -> None:
    assert not asked(BANNED, Visitor(address="198.51.100.11"))
    assert not asked(BANNED, message="our customer at 198.51.100.11 gets 403")


def test_silent_about_strangers_of_a_list_that_is_meant() -> None:
    assert not asked(OFFICE, LOG, message="403 Forbidden")


def test_silent_where_the_log_has_several_who_are_kept_out() -> None:
    network = config("Require not ip 198.51.100.0/24", banning("198.51.100.0/24"))
    log = replace(LOG, clients=("198.51.100.66", VISITOR))
    assert not asked(network, log, message="403 Forbidden")
    assert asked(network, log, message=f"403 Forbidden for {VISITOR}")


def test_silent_without_anybody_who_is_named() -> None:
    assert not asked(BANNED)
    assert not asked(BANNED, LOG)
    assert not asked(BANNED, message=f"502 Bad Gateway for {VISITOR}", number=502)
