import pytest

from diagnose.model.visitor import ClosedRoute, Jail
from diagnose.parsers.linux import bans


def test_the_jails_of_fail2ban_and_their_addresses() -> None:
    text = "[{'sshd': ['192.0.2.66', '2001:db8::1']}, {'web': []}, {'odd': ['no address']}]"
    assert bans.jails(text) == (
        (Jail("sshd", ("192.0.2.66", "2001:db8::1")), Jail("web", ()), Jail("odd", ())),
        0,
    )


def test_of_very_many_addresses_some_are_counted_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bans, "MOST_BANNED", 1)
    jail_list, omitted = bans.jails("[{'sshd': ['192.0.2.66', '192.0.2.67']}]")
    assert (jail_list, omitted) == ((Jail("sshd", ("192.0.2.66",)),), 1)


def test_routes_that_lead_nowhere() -> None:
    text = (
        "default via 198.51.100.1 dev eth0\n"
        "blackhole 192.0.2.66\n"
        "unreachable 192.0.2.0/24 table 100 metric 5\n"
        "prohibit default\n"
        "unreachable default dev lo metric 4294967295 error -101 pref medium\n"
        "unreachable ::/96 dev lo proto kernel metric 1024\n"
    )
    assert bans.closed_routes(text) == (
        (
            ClosedRoute("blackhole", "192.0.2.66", ""),
            ClosedRoute("unreachable", "192.0.2.0/24", "100"),
            ClosedRoute("prohibit", "0.0.0.0/0", ""),
            ClosedRoute("unreachable", "::/0", ""),
        ),
        0,
    )


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("192.0.2.66 via 198.51.100.1 dev eth0 src 198.51.100.10 uid 0", ""),
        ("RTNETLINK answers: Invalid argument", "blackhole"),
        ("RTNETLINK answers: No route to host", "unreachable"),
        ("RTNETLINK answers: Permission denied", "prohibit"),
        ("unreachable 2001:db8::1 dev lo table main", "unreachable"),
        ("RTNETLINK answers: File exists", None),
        ("", None),
    ],
)
def test_what_ip_route_get_says(text: str, kind: str | None) -> None:
    assert bans.refusal(text) == kind


def test_networks_and_their_addresses() -> None:
    assert bans.network_contains("192.0.2.0/24", "192.0.2.66")
    assert bans.network_contains("192.0.2.66", "192.0.2.66")
    assert not bans.network_contains("192.0.2.0/24", "192.0.2.0/25")
    assert not bans.network_contains("192.0.2.0/24", "2001:db8::1")
    assert not bans.network_contains("words", "192.0.2.66")
