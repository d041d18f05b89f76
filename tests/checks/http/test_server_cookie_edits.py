"""Lines by which web servers correct cookies."""

import pytest

from checks.http._server_cookie_edits import server_commands
from diagnose.model import Edit
from diagnose.parsers.set_cookie import CookieRefusal
from tests.support import haproxy_evidence
from tests.support.check_evidence import evidence

HOST = "__Host-sid=a; Path=/; Domain=shop.example.com; Secure"


@pytest.mark.parametrize(
    ("name", "reason", "value", "line"),
    [
        ("connect.sid", "same-site", "", r"'^(connect[.]sid=.*)$' '\1; Secure'"),
        ("__Host-sid", "prefix", HOST, r"'^(__Host-sid=.*); *[Dd]omain=[^;]*(.*)$' '\1\2'"),
    ],
)
def test_haproxy_corrects_a_cookie(name: str, reason: CookieRefusal, value: str, line: str) -> None:
    given = evidence(haproxy_evidence.SERVER, haproxy_evidence.config())
    edit = server_commands(given, [name], reason, value)[0]
    assert isinstance(edit, Edit)
    assert f"+    http-response replace-header Set-Cookie {line}\n" in edit.diff


def test_a_frontend_of_several_sites_is_left_to_a_person() -> None:
    """The cookie of another site may have the same name."""
    rules = "    use_backend {} if {{ hdr(host) -i {} }}\n    default_backend app\n"
    for name, is_written in (("shop.example.com", True), ("blog.example.com", False)):
        text = haproxy_evidence.TEXT.replace("    default_backend app\n", rules.format("app", name))
        given = evidence(haproxy_evidence.SERVER, haproxy_evidence.config(text))
        assert bool(server_commands(given, ["sid"], "same-site")) is is_written


def test_nothing_is_written_where_a_person_knows() -> None:
    given = evidence(haproxy_evidence.SERVER, haproxy_evidence.config())
    assert not server_commands(given, ["__Host-sid"], "prefix", "__Host-sid=a; Path=/app; Secure")
    assert not server_commands(given, ["a b"], "same-site")
    assert not server_commands(given, ["sid"], "size", "sid=a")
