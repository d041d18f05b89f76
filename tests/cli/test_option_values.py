"""What each option takes, and what is said where it does not."""

from collections.abc import Callable

import pytest

from diagnose.cli import option_values
from diagnose.parsers.target import UsageError


@pytest.mark.parametrize(
    ("parse", "text", "value"),
    [
        (option_values.choice("--color", "auto", "never"), "NEVER", "never"),
        (option_values.output_format, "JSON", "json"),
        (option_values.layers, " tcp, TLS,", ("tcp", "tls")),
        (option_values.timeout, "7.5s", 7.5),
        (option_values.timeout, "3600", 3600.0),
        (option_values.idle, "70", 70.0),
        (option_values.idle, "1.5s", 1.5),
        (option_values.port, "0", 0),
        (option_values.address, "[2001:DB8::0:7]", "2001:db8::7"),
        (option_values.proxy, "none", "none"),
        (option_values.proxy, "socks5://127.0.0.1", "socks5://127.0.0.1"),
        (option_values.visitor, "198.51.100.7", "198.51.100.7"),
        (option_values.visitor, "[2001:DB8::0:7]", "2001:db8::7"),
        (option_values.visitor, "::ffff:198.51.100.7", "198.51.100.7"),
        (option_values.visitor, "fe80::7%eth0", "fe80::7"),
        (option_values.readable_file, __file__, __file__),
        (option_values.server_url, "root@web1:22", "ssh://root@web1:22"),
        (option_values.server_url, "ssh://[2001:db8::7]", "ssh://[2001:db8::7]"),
        (option_values.vantage, "ssh://me@[2001:db8::7]:2222", "ssh://me@[2001:db8::7]:2222"),
        (option_values.vantage, "me@laptop", "ssh://me@laptop"),
        (option_values.vantage, "GlobalPing", "globalping"),
        (option_values.request_field("method"), "head", "HEAD"),
        (option_values.request_field("header"), "X: a: b", ("X", "a: b")),
        (option_values.request_field("origin"), "HTTPS://a.example:443", "https://a.example"),
    ],
)
def test_a_value_in_its_usual_form(
    parse: Callable[[str], object], text: str, value: object
) -> None:
    assert parse(text) == value


@pytest.mark.parametrize(
    ("parse", "text", "message"),
    [
        (option_values.choice("--lang", "en", "zh"), "fr", "--lang takes en, zh, not 'fr'."),
        (option_values.output_format, "jsom", "Did you mean json?"),
        (option_values.layers, "tpc", "Did you mean tcp?"),
        (option_values.layers, ",", "Name a layer"),
        (option_values.timeout, "nan", "--timeout takes seconds"),
        (option_values.timeout, "3601", "at most 3600"),
        (option_values.request_field("method"), "DELETE", "takes GET, HEAD, OPTIONS or POST"),
        (option_values.idle, "0", "--idle takes seconds, at least 1"),
        (option_values.idle, "3601", "at most 3600"),
        (option_values.idle, "nan", "try --idle 70"),
        (option_values.idle, "long", "try --idle 70"),
        (option_values.port, "65536", "from 0 to 65535"),
        (option_values.port, "-1", "from 0 to 65535"),
        (option_values.address, "300.1.1.1", "no IP address"),
        (option_values.visitor, "198.51.100.0/24", "not a network"),
        (option_values.visitor, "0.0.0.0", "no visitor comes from"),
        (option_values.readable_file, "/nonexistent", "No such file"),
        (option_values.vantage, "ssh://-x@h", "--vantage takes ssh://[user@]host[:port] or"),
        (option_values.vantage, "ssh://-oProxyCommand=x", "--vantage takes"),
        (option_values.vantage, "ssh://me:secret@h", "--vantage takes"),
        (option_values.vantage, "ssh://h:70000", "--vantage takes"),
        (option_values.vantage, "https://h", "--vantage takes"),
        (option_values.vantage, "", "--vantage takes"),
        (option_values.vantage, "globalpin", "globalping"),
        (option_values.server_url, "ssh://web1:99999", "ssh://[user@]host[:port]"),
        (option_values.server_url, "ssh://-oProxyCommand=x", "ssh://[user@]host[:port]"),
        (option_values.request_field("subprotocol"), "a, b", "--subprotocol takes one name"),
    ],
)
def test_a_wrong_value_is_explained(
    parse: Callable[[str], object], text: str, message: str
) -> None:
    with pytest.raises(UsageError) as error:
        parse(text)
    assert message in str(error.value)


@pytest.mark.parametrize("option", ["header", "cookie", "origin", "subprotocol"])
def test_a_secret_is_not_repeated(option: str) -> None:
    with pytest.raises(UsageError) as error:
        option_values.request_field(option)("swordfish\r\n")
    assert "swordfish" not in str(error.value)


def test_the_password_of_a_proxy_is_not_repeated() -> None:
    with pytest.raises(UsageError) as error:
        option_values.proxy("ftp://user:swordfish@127.0.0.1")
    assert "swordfish" not in str(error.value)
