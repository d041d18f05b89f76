from diagnose.model import Confidence, Failure, Manual, Severity, Subject, Vantage, Where
from diagnose.model.dns import Resolution
from diagnose.model.server import Interface, Route
from tests.support.check_evidence import TIMEOUT, judge
from tests.support.firewall_rules import ADDRESS, connected, host, nic

NO_WAY = Failure("unreachable", "Network is unreachable", 101, "ENETUNREACH")
ADDRESS6 = "2001:db8:2::10"
NAME4 = Resolution(name="shop.example.com", family=4, addresses=(ADDRESS,))
NAME6 = Resolution(name="shop.example.com", family=6, addresses=(ADDRESS6,))


def route(
    source: str = ADDRESS, failure: Failure | None = NO_WAY, rules: tuple[str, ...] = ()
) -> Route:
    family = 6 if ":" in source else 4
    towards = "2001:503:ba3e::2:30" if family == 6 else "198.41.0.4"
    return Route(
        vantage=Vantage.SERVER, source=source, towards=towards, family=family, failure=failure,
        rules=rules, equivalent=f"ip route get {towards} from {source}",
    )  # fmt: skip


def test_fires_on_the_server_though_it_reaches_itself() -> None:
    (claim,) = judge("tcp.no-return-route", host(), NAME4, nic(), route(), connected())
    assert claim.confidence is Confidence.CERTAIN
    assert claim.severity is None
    assert claim.facts["device"] == "eth0"
    assert claim.covers == (Subject(),)


def test_fires_where_the_resolver_is_lost_with_the_route() -> None:
    assert judge("tcp.no-return-route", host(), nic(), route())


def test_fires_as_a_warning_where_the_other_family_works() -> None:
    both = nic("eth0", ADDRESS, ADDRESS6, default=(4,))
    (claim,) = judge("tcp.no-return-route", host(), NAME4, NAME6, both, route(ADDRESS6))
    assert claim.severity is Severity.WARNING
    assert claim.covers == (Subject(address=ADDRESS6),)


def test_fires_behind_a_translated_address_that_does_not_answer() -> None:
    private = nic("eth0", "172.16.0.5", default=())
    silence = connected(failure=TIMEOUT)
    given = (host("ssh://web"), NAME4, private, route("172.16.0.5"))
    (claim,) = judge("tcp.no-return-route", *given, silence)
    assert claim.confidence is Confidence.LIKELY
    assert claim.facts["addresses"] == (ADDRESS,)
    # A load balancer in the same network needs no default route.
    assert not judge("tcp.no-return-route", *given, connected())


def test_fires_where_a_rule_leads_replies_to_a_table_without_a_route() -> None:
    rule = "91: from all ipproto tcp sport 443 lookup 91"
    second = route("192.0.2.10", failure=None, rules=(rule,))
    both = nic("eth0", ADDRESS, "192.0.2.10")
    given = (host(), NAME4, both, second, connected())
    (claim,) = judge("tcp.no-return-route", *given, route(rules=(rule,)))
    assert claim.facts["rules"] == (rule,)
    assert claim.fix is not None
    assert claim.fix.steps == (Manual("change-rule", Where.SERVER),)


def test_another_port_that_answers_proves_nothing_about_a_rule_for_a_port() -> None:
    given = (host("ssh://web"), NAME4, nic(), route(rules=("91: from all sport 443 lookup 91",)))
    assert judge("tcp.no-return-route", *given, connected(port=80))
    assert not judge("tcp.no-return-route", *given, connected())


def test_silent_where_another_table_has_a_way() -> None:
    assert not judge("tcp.no-return-route", host(), NAME4, nic(), route(failure=None))


def test_silent_about_an_address_that_the_name_does_not_publish() -> None:
    both = nic("eth0", ADDRESS, ADDRESS6, default=(4,))
    assert not judge("tcp.no-return-route", host(), NAME4, both, route(ADDRESS6))


def test_silent_where_another_machine_gets_an_answer() -> None:
    given = (host("ssh://web"), NAME4, nic(), route())
    assert not judge("tcp.no-return-route", *given, connected())


def test_silent_about_an_interface_alone() -> None:
    eth0 = Interface(vantage=Vantage.SERVER, name="eth0", up=True, addresses=(ADDRESS,))
    assert not judge("tcp.no-return-route", host(), NAME4, eth0)
