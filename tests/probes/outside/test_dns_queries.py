"""One query: the command that asks the same."""

import pytest

from diagnose.model.dns import Transport
from diagnose.probes.outside.dns_queries import Query


@pytest.mark.parametrize(
    ("query", "transport", "command"),
    [
        (Query("a.example", "A", "192.0.2.1"), "udp", "dig @192.0.2.1 a.example A +dnssec"),
        (Query("a.example", "A", "192.0.2.1#5353", edns=False), "udp",
         "dig @192.0.2.1 -p 5353 a.example A +noedns"),
        (Query("a.example", "A", "192.0.2.1", validate=False), "tcp",
         "dig @192.0.2.1 a.example A +dnssec +cd +tcp"),
    ],
)  # fmt: skip
def test_dig_asks_the_same(query: Query, transport: Transport, command: str) -> None:
    blank = query.unanswered(1.0, transport)
    assert blank.equivalent == command
    assert (blank.at, blank.transport, blank.checking_disabled) == (
        1.0,
        transport,
        not query.validate,
    )
