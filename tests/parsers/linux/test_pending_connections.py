import pytest

from diagnose.parsers.linux.pending_connections import Pending, parse_pending


def test_connections_of_both_families_and_a_question() -> None:
    text = (
        "tcp 10.0.0.9:5432 20 node\ntcp [2001:db8::9]:6379 21 MainThread\n"
        "tcp [::ffff:10.0.0.9]:3306 22 java\ndns 10.0.0.53:53 20 node\n"
    )
    assert parse_pending(text) == (
        Pending("10.0.0.9", 5432, 20, "node", False),
        Pending("2001:db8::9", 6379, 21, "MainThread", False),
        Pending("10.0.0.9", 3306, 22, "java", False),
        Pending("10.0.0.53", 53, 20, "node", True),
    )


@pytest.mark.parametrize("text", ["", "tcp", "tcp x:1 2 node", "udp 10.0.0.1:53 1 node", "\x00"])
def test_odd_lines_are_left_out(text: str) -> None:
    assert parse_pending(text) == ()
