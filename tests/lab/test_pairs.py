"""Two faults at once, of different layers: both named, and none besides, also where the first
hides the second from outside. Their scenarios are played one after the other."""

import pytest

from tests.support.effort import sample

from .lab import Lab
from .report import Report
from .scenario import Scenario, Side, found
from .state import rules
from .test_scenarios import look, say

pytestmark = pytest.mark.lab

#: A fault that shuts the door, and one that visitors would meet behind it.
HIDDEN = (
    ("https_closed_in_firewalld", "certificate_expired"),
    ("https_closed_in_firewalld", "upgrade_headers_missing"),
    ("https_closed_in_firewalld", "plain_http_is_served"),
    ("zone_drops_what_it_does_not_know", "intermediate_missing"),
    ("opened_permanently_and_not_reloaded", "certificate_for_another_name"),
    ("interface_in_the_internal_zone", "application_is_down"),
    ("default_zone_is_another", "only_tls_1_0"),
    ("https_closed_for_both_families", "certificate_signed_by_itself"),
    ("security_group_drops_443", "certificate_expired"),
    ("router_rejects_443", "application_hangs_up"),
    ("security_group_without_443", "https_closed_in_firewalld"),
    ("security_group_without_443", "certificate_expired"),
    ("nginx_listens_on_loopback_only", "certificate_expired"),
    ("forward_to_a_port_without_tls", "aiohttp_upgrade_missing"),
)
#: Two that are both seen, from wherever one can see them alone.
SEEN = (
    ("certificate_expired", "upgrade_headers_missing"),
    ("plain_http_is_served", "certificate_expires_soon"),
    ("certificate_for_another_name", "application_is_down"),
    ("intermediate_missing", "path_stripped_by_a_slash"),
    ("tls_1_0_still_offered", "application_answers_500"),
    ("certificate_expires_soon", "headers_wiped_by_the_location"),
    ("opened_until_the_next_boot", "certificate_expired"),
    ("nothing_on_port_80", "root_of_the_company"),
    ("ipv6_address_is_dead", "certificate_expires_soon"),
    ("plain_http_is_served", "http_1_0_to_the_application"),
    ("redirect_to_the_home_page", "application_is_down"),
)


def named(report: Report) -> set[str]:
    return set(report.causes)


def expected(side: Side, *several: Scenario) -> set[str]:
    return {cause for one in several if (cause := one.expected[side])}


@pytest.mark.parametrize(("first", "second"), sample((*HIDDEN, *SEEN), 5))
def test_pair(laboratory: Lab, first: str, second: str) -> None:
    pair = [found()[name] for name in (first, second)]
    laboratory.restore(ipv6=any(one.ipv6 for one in pair))
    for one in pair:
        one.apply(laboratory)
    reports = look(laboratory, pair[0], *pair[1:])
    for side, report in reports.items():
        hidden = side == "client" and (first, second) in HIDDEN
        right = expected(side, pair[0]) if hidden else expected(side, *pair)
        shown = say(f"{side}: {right} expected", *reports.values(), rules(laboratory.server))
        assert named(report) >= expected(side, pair[0]), shown
        if hidden:  # and it is not said that there is nothing behind the first
            assert not report.document["verdict"]["after_fix"]["clear"], shown
        else:
            assert named(report) == right, shown
