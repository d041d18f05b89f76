import pytest

from diagnose.parsers.haproxy.config import split_words
from diagnose.parsers.haproxy.removed_words import is_removed, modern


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (
            r"reqadd X-Forwarded-Proto:\ https if { ssl_fc }",
            "http-request add-header X-Forwarded-Proto https if { ssl_fc }",
        ),
        (
            r"rspadd Strict-Transport-Security:\ max-age=31536000;\ includeSubDomains",
            "http-response add-header Strict-Transport-Security"
            " 'max-age=31536000; includeSubDomains'",
        ),
        ("reqidel ^X-Forwarded-For:.*", "http-request del-header X-Forwarded-For"),
        ("rspidel ^Server", "http-response del-header Server"),
        (
            r"reqrep ^([^\ :]*)\ /grafana/(.*) \1\ /\2",
            r"http-request replace-path ^/grafana/(.*) '/\1'",
        ),
        (
            r"reqirep ^Host:\ old.example.com Host:\ new.example.com",
            "http-request replace-header Host ^old.example.com new.example.com",
        ),
        ("block if { path /x }", "http-request deny if { path /x }"),
        ("clitimeout 5000", "timeout client 5000"),
        ("redispatch", "option redispatch"),
        ("option forceclose", "option httpclose"),
        ("no option http-use-htx", ""),
        ("nbproc 2", ""),
        (
            "monitor-net 10.0.0.0/8",
            "http-request return status 200 if { src 10.0.0.0/8 }",
        ),
    ],
)
def test_todays_words(old: str, new: str) -> None:
    words = split_words(old)
    assert is_removed(words)
    assert modern(words) == new


@pytest.mark.parametrize(
    "old", ["reqrep ^(.*)/a(.*) \\1\\2", "reqadd nothing", "rspidel .*", "reqadd"]
)
def test_unknown_is_unknown(old: str) -> None:
    assert modern(split_words(old)) is None


def test_words_of_today_are_left() -> None:
    for line in (
        "option httpclose",
        "http-request deny",
        "timeout client 5s",
        "no option httpclose",
    ):
        assert not is_removed(split_words(line))
