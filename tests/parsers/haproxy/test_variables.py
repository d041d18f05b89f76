"""What a frontend keeps in variables (Configuration Manual, section 2.8)."""

import pytest

from diagnose.parsers.haproxy.config import parse
from diagnose.parsers.haproxy.variables import variables_of, with_fetch
from tests.support.haproxy_evidence import CONFIG, TEXT, config

PORT = "    bind :443 ssl crt /etc/haproxy/shop.pem\n"


def variables(*lines: str) -> dict[str, str]:
    text = TEXT.replace(PORT, PORT + "".join(f"    {line}\n" for line in lines))
    return variables_of(parse([(CONFIG, text)], []).frontends[0])


@pytest.mark.parametrize(
    ("line", "fetch"),
    [
        ("http-request set-var(txn.host) hdr(host)", "hdr(host)"),
        ("http-request set-var(txn.host) req.hdr(Host),lower", "req.hdr(Host),lower"),
        ("tcp-request content set-var(txn.host) req.ssl_sni", "req.ssl_sni"),
        # Not every request gets it, or it is put together.
        ("http-request set-var(txn.host) hdr(host) if { ssl_fc }", None),
        ("http-request set-var-fmt(txn.host) %[hdr(host)]", None),
        ("http-response set-var(txn.host) hdr(host)", None),
        ("http-request set-var(txn.other) hdr(host)", None),
    ],
)
def test_the_fetch_of_a_variable(line: str, fetch: str | None) -> None:
    assert variables(line).get("txn.host") == fetch


def test_a_variable_that_is_set_twice_is_not_known() -> None:
    line = "http-request set-var(txn.host) hdr(host)"
    assert variables(line, line.replace("hdr(host)", "path")) == {}


def test_the_fetch_stands_in_the_place_of_the_variable() -> None:
    known = {"txn.host": "hdr(host)"}
    words = ("var(txn.host),lower", "-m", "str", "shop.example.com")
    assert with_fetch(words, known) == ("hdr(host),lower", *words[1:])
    assert with_fetch(words, {}) == words
    assert with_fetch((), known) == ()


def test_a_site_has_the_name_that_an_acl_compares_with_a_variable() -> None:
    lines = (
        "    http-request set-var(txn.host) hdr(host)\n"
        "    acl shop var(txn.host) -m str -i shop.example.com\n"
        "    use_backend app if shop\n"
    )
    text = TEXT.replace("    default_backend app\n", lines)
    names = [site.names for site in config(text).sites]
    assert ("shop.example.com",) in names
