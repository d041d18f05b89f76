"""An observation on one line."""

from dataclasses import replace

import pytest

from diagnose.model import Claim, Failure, Finding, Subject, Unseen, Vantage
from diagnose.model.logs import LogLine
from diagnose.model.summary import phrase
from diagnose.model.tcp import Connection, IcmpError
from diagnose.model.upstream import UpstreamSocket
from diagnose.outputs.digest import digest, evidence, evidence_commands, words_text
from tests.support.report_builder import check

TRIED = Connection(address="203.0.113.10", port=443, family=4)
UNREACHABLE = Failure("unreachable", "No route to host", 113, "EHOSTUNREACH")


def test_it_is_subject_and_outcome() -> None:
    assert digest(TRIED, "en") == "203.0.113.10:443: connected"
    assert digest(UpstreamSocket(path="/run/app.sock"), "en") == "/run/app.sock"


def test_a_failure_takes_the_place_of_the_outcome() -> None:
    failed = replace(TRIED, failure=UNREACHABLE)
    assert digest(failed, "en") == "203.0.113.10:443: No route to host (EHOSTUNREACH)"
    nameless = replace(TRIED, failure=Failure("timeout", "timed out"))
    assert digest(nameless, "en") == "203.0.113.10:443: timed out"


def test_an_icmp_error_names_its_sender() -> None:
    error = IcmpError(4, 3, 13, "192.0.2.1")
    failed = replace(TRIED, failure=UNREACHABLE, icmp=error)
    assert digest(failed, "en").endswith("(EHOSTUNREACH); ICMP 3/13 from 192.0.2.1")
    own = replace(failed, icmp=replace(error, local=True))
    assert digest(own, "en").endswith("; ICMP 3/13 from this machine")


def test_words_and_the_usual_messages_of_the_system_are_translated() -> None:
    assert digest(TRIED, "zh") == "203.0.113.10:443: 已连接"
    failed = replace(TRIED, failure=UNREACHABLE, icmp=IcmpError(4, 3, 13, "192.0.2.1"))
    line = "203.0.113.10:443: 没有到主机的路由 No route to host (EHOSTUNREACH)"
    assert digest(failed, "zh") == f"{line}；ICMP 3/13，来自 192.0.2.1"
    late = replace(TRIED, failure=Failure("timeout", "timed out"))
    assert digest(late, "zh") == "203.0.113.10:443: 超时"


@pytest.mark.parametrize(("lang", "text"), [("en", "a, b"), ("zh", "a、b")])
def test_a_list_is_joined_as_the_language_does(lang: str, text: str) -> None:
    assert words_text(("a", phrase("b")), lang) == text
    assert words_text((), "zh") == "无"
    assert words_text((), "en") == "none"


def test_braces_in_a_fact_are_no_placeholders() -> None:
    assert words_text(phrase("page {url}", url="{braces}"), "en") == "page {braces}"


def test_what_was_not_seen_is_said_in_words() -> None:
    rest = Unseen(what="the way to this server", why="seen from another machine only")
    assert digest(rest, "en").startswith("what lies between visitors and this server")
    assert digest(Unseen(what="/etc/nginx", why="Permission denied"), "zh").endswith("denied")


def test_of_lines_that_read_the_same_one_is_shown() -> None:
    line = LogLine(file="/log/error.log", when=1.0, level="error", pid=7, text="no live upstreams")
    elsewhere = replace(line, vantage=Vantage.SERVER)
    claim = Claim(about=Subject(port=443), because=(line, TRIED, replace(line, pid=8), elsewhere))
    finding = Finding("f1", check("listener.missing"), claim)
    assert evidence(finding, "en") == (line, TRIED, elsewhere)


def test_a_command_stands_at_the_first_of_what_one_request_showed() -> None:
    asked = replace(TRIED, equivalent="curl -v https://shop.example.com/")
    again, other = replace(asked, port=80), replace(TRIED, port=81)
    assert evidence_commands([asked, other, again]) == (
        (asked, asked.equivalent),
        (other, ""),
        (again, ""),
    )
