"""An observation on one line."""

from dataclasses import replace

from diagnose.model import Failure
from diagnose.model.tcp import Connection, IcmpError
from diagnose.model.upstream import UpstreamSocket
from diagnose.outputs.digest import digest

TRIED = Connection(address="203.0.113.10", port=443, family=4)
UNREACHABLE = Failure("unreachable", "No route to host", 113, "EHOSTUNREACH")


def test_it_is_subject_and_outcome() -> None:
    assert digest(TRIED) == "203.0.113.10:443: connected"
    assert digest(UpstreamSocket(path="/run/app.sock")) == "/run/app.sock"


def test_a_failure_takes_the_place_of_the_outcome() -> None:
    failed = replace(TRIED, failure=UNREACHABLE)
    assert digest(failed) == "203.0.113.10:443: No route to host (EHOSTUNREACH)"
    nameless = replace(TRIED, failure=Failure("timeout", "timed out"))
    assert digest(nameless) == "203.0.113.10:443: timed out"


def test_an_icmp_error_names_its_sender() -> None:
    error = IcmpError(4, 3, 13, "192.0.2.1")
    failed = replace(TRIED, failure=UNREACHABLE, icmp=error)
    assert digest(failed).endswith("(EHOSTUNREACH); ICMP 3/13 from 192.0.2.1")
    own = replace(failed, icmp=replace(error, local=True))
    assert digest(own).endswith("; ICMP 3/13 from this machine")
