"""The programs of a server that may be the application which nginx does not find."""

from dataclasses import replace

import pytest

from checks.upstream._listening import listening_facts, only_port
from tests.support.check_evidence import evidence
from tests.support.firewall_rules import listening


@pytest.mark.parametrize(
    ("process", "port"),
    [("node", 8000), ("java", 8080), ("gunicorn", 8001)],
)
def test_the_only_program_is_named_with_its_port(process: str, port: int) -> None:
    others = (listening(443), listening(22, process="sshd"), listening(5432, process="postgres"))
    seen = evidence(*others, listening(port, process=process))
    assert only_port(seen) == str(port)
    assert listening_facts(seen)["listening"] == ("postgres 5432", f"{process} {port}")


def test_several_and_one_that_is_not_known_have_no_port() -> None:
    two = evidence(listening(443), listening(8000, process="node"), listening(8080, process="java"))
    assert only_port(two) == ""
    assert listening_facts(two)["listening"] == ("node 8000", "java 8080")
    listeners = listening(8000, process="node")
    hidden = replace(
        listeners, sockets=(*listeners.sockets, replace(listeners.sockets[0], process=None))
    )
    assert only_port(evidence(hidden)) == ""


def test_a_gateway_and_a_database_are_no_application_of_http() -> None:
    seen = evidence(listening(9000, process="php-fpm8.2"), listening(6379, process="redis-server"))
    assert only_port(seen) == ""
