"""What is kept of header fields, bodies and messages."""

import pytest

from diagnose.parsers.http import refuses_host
from diagnose.recording.redaction_http import kept_body, kept_headers, kept_message


def test_a_header_that_is_a_secret_loses_its_value_and_keeps_its_name() -> None:
    headers = (("Set-Cookie", "sid=sesame"), ("Server", "nginx"))
    assert kept_headers(headers, str) == (("Set-Cookie", "***"), ("Server", "nginx"))


@pytest.mark.parametrize(
    ("body", "kept"),
    [
        ("", ""),
        ("<p>alice</p>", "***"),
        ("<center>nginx/1.26.3</center> alice", "*** <center>nginx</center>"),
        ("alice: too many requests", "*** too many"),
    ],
)
def test_of_a_body_the_marks_are_kept(body: str, kept: str) -> None:
    assert kept_body(body) == kept


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("connect() failed (111: Connection refused)",) * 2,
        ('no "ssl_certificate" is defined for the "listen ... ssl" directive in /etc/a:6',) * 2,
        ('user "alice": password mismatch', "***"),
        ('FastCGI sent in stderr: "alice"', "FastCGI sent in stderr: ***"),
        ('open() "/srv/a" failed, client "alice"', 'open() "/srv/a" failed, client "***"'),
        ("alice (13: Permission denied)", "*** (13: Permission denied)"),
    ],
)
def test_of_a_message_nginx_own_words_are_kept(text: str, kept: str) -> None:
    assert kept_message(text, str) == kept


@pytest.mark.parametrize(
    "body",
    [
        "Host check error", "Blocked hosts: shop.example.com", "不受信任的域名",
        "The provided host name is not valid for this server.",
        "The request hostname is invalid.", "403: possible DNS rebinding attack",
        "Host not in whitelist", "Host 'shop.example.com' is not trusted",
        "The host [shop.example.com] is not valid", "trustedHostsPattern does not match",
    ],
)  # fmt: skip
def test_a_refused_host_stays_one(body: str) -> None:
    kept = kept_body(body)
    assert refuses_host(403, body)
    assert refuses_host(403, kept)
    assert "shop" not in kept
