import pytest

from diagnose.parsers.linux.unit_rules import (
    UnitRules,
    denied_address,
    may_be_forbidden,
    parse_rules,
    setting_about,
)

TEXT = """\
unit 443 nginx.service
=IPAddressAllow=127.0.0.0/8 ::1/128
=IPAddressDeny=
=ProtectHome=no
=IPAddressDeny=::/0 0.0.0.0/0
unit 3000 shop.service
=ProtectSystem=strict
=StateDirectory=shop
"""


def rules(**settings: str) -> UnitRules:
    return UnitRules("shop.service", tuple(settings.items()))


def test_the_settings_of_a_unit_and_its_slices_are_one() -> None:
    found = parse_rules(TEXT)
    assert [found[port].unit for port in ("443", "3000")] == ["nginx.service", "shop.service"]
    assert found["443"].words("IPAddressDeny") == ("::/0", "0.0.0.0/0")
    assert not parse_rules("nothing")


def test_what_is_allowed_goes_before_what_is_denied() -> None:
    nginx = parse_rules(TEXT)["443"]
    assert denied_address(nginx, "198.51.100.1") == "IPAddressDeny=any"
    assert denied_address(nginx, "2001:db8::1") == "IPAddressDeny=any"
    assert denied_address(nginx, "127.0.0.1") == ""
    some = rules(IPAddressDeny="10.0.0.0/8")
    assert denied_address(some, "10.1.2.3") == "IPAddressDeny=10.0.0.0/8"
    assert denied_address(some, "127.0.0.1") == denied_address(some, "?") == ""
    assert denied_address(rules(IPAddressDeny="?"), "10.1.2.3") == ""


@pytest.mark.parametrize(
    ("settings", "line", "setting"),
    [
        (
            {"ProtectSystem": "strict"},
            "Error: EROFS: read-only file system, open '/srv/shop/shop.db'",
            "ProtectSystem=strict",
        ),
        (
            {"ProtectSystem": "full"},
            "OSError: [Errno 30] Read-only file system: '/etc/shop.json'",
            "ProtectSystem=full",
        ),
        (
            {"ReadOnlyPaths": "-/srv", "ReadWritePaths": "/srv/cache"},
            "open /srv/data/x: read-only file system",
            "ReadOnlyPaths=/srv",
        ),
        (
            {"ProtectHome": "yes"},
            "ENOENT: no such file or directory, open '/home/shop/.env'",
            "ProtectHome=yes",
        ),
        (
            {"InaccessiblePaths": "/srv/data"},
            "PermissionError: [Errno 13] Permission denied: '/srv/data/a'",
            "InaccessiblePaths=/srv/data",
        ),
        (
            {"PrivateTmp": "yes"},
            "connect ENOENT /tmp/mysql.sock",
            "PrivateTmp=yes",
        ),
        (
            {"ProtectHome": "yes", "WorkingDirectory": "/home/shop"},
            "shop.service: Failed at step CHDIR spawning /usr/bin/node: No such file",
            "ProtectHome=yes",
        ),
        (
            {"RestrictAddressFamilies": "AF_UNIX"},
            "Error: listen EAFNOSUPPORT: address family not supported 127.0.0.1:3000",
            "RestrictAddressFamilies=AF_UNIX",
        ),
        ({"LimitNPROC": "10"}, "RuntimeError: can't start new thread", "LimitNPROC=10"),
        (
            {"MemoryDenyWriteExecute": "yes"},
            "Fatal process OOM in Failed to reserve memory for CodeRange",
            "MemoryDenyWriteExecute=yes",
        ),
    ],
)
def test_the_setting_that_forbids_it(settings: dict[str, str], line: str, setting: str) -> None:
    assert may_be_forbidden(line)
    assert setting_about(rules(**settings), line) == setting


@pytest.mark.parametrize(
    ("settings", "line"),
    [
        ({"ProtectSystem": "strict", "StateDirectory": "shop"}, "EROFS, open '/var/lib/shop/a'"),
        ({"ProtectSystem": "strict", "ReadWritePaths": "/srv"}, "EROFS, open '/srv/a'"),
        ({"ProtectSystem": "full"}, "EROFS, open '/srv/data/a'"),
        ({"ProtectHome": "yes"}, "ENOENT: no such file, open '/srv/shop/.env'"),
        ({"ProtectHome": "read-only"}, "ENOENT: no such file, open '/home/shop/.env'"),
        ({"TemporaryFileSystem": "/srv", "BindPaths": "/srv/a:/srv/a:rbind"}, "ENOENT '/srv/a/b'"),
        ({"ProtectSystem": "strict"}, "TypeError: /srv/shop/x is not a function"),
        ({"LimitNPROC": "62000"}, "can't start new thread"),
        ({"TasksMax": "infinity"}, "can't start new thread"),
        ({}, "Error: listen EAFNOSUPPORT"),
    ],
)
def test_no_setting_where_it_is_allowed_or_about_something_else(
    settings: dict[str, str], line: str
) -> None:
    assert setting_about(rules(**settings), line) == ""


def test_a_line_that_no_unit_can_have_caused() -> None:
    assert not may_be_forbidden("TypeError: Cannot read properties of undefined")
    assert not may_be_forbidden("connect ECONNREFUSED 127.0.0.1:5432")
