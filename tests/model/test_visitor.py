from diagnose.model.visitor import (
    ClosedRoute,
    ClosedRoutes,
    Jail,
    Jails,
    ReturnRoute,
    Visitor,
    visitor_address,
)
from tests.support.check_evidence import evidence
from tests.support.summaries import summary_text

GUEST = "192.0.2.66"
JAILS = Jails(jails=(Jail("sshd", (GUEST, "192.0.2.9")), Jail("nginx"), Jail("recidive", (GUEST,))))


def test_an_address_may_be_in_several_jails() -> None:
    assert JAILS.banning(GUEST) == ("sshd", "recidive")
    assert JAILS.banning("192.0.2.9") == ("sshd",)
    assert JAILS.banning("192.0.2.6") == ()
    assert Jails().banning(GUEST) == ()


def test_the_run_is_for_one_visitor_or_for_any() -> None:
    assert visitor_address(evidence(JAILS, Visitor(address=GUEST))) == GUEST
    assert visitor_address(evidence(JAILS)) == ""


def test_the_bans_of_each_jail_are_counted() -> None:
    said = "sshd has banned 2, nginx has banned 0, recidive has banned 1"
    assert summary_text(JAILS)[1] == said
    assert summary_text(Jails())[1] == "none"


def test_a_way_back_is_there_unless_it_is_refused() -> None:
    route = ReturnRoute(source="203.0.113.10", towards=GUEST)
    assert summary_text(route)[1] == "there is one"
    refused = ReturnRoute(source="203.0.113.10", towards=GUEST, refusal="blackhole")
    assert summary_text(refused)[1] == "blackhole"


def test_long_lists_are_cut() -> None:
    routes = (ClosedRoute("blackhole", "192.0.2.0/24"),) * 500
    assert summary_text(ClosedRoutes(routes=routes))[1].count("blackhole") == 12
    assert summary_text(Jails(jails=(Jail("sshd"),) * 500))[1].count("sshd") == 12
