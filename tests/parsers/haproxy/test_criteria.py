"""What an ACL compares, by its words (Configuration Manual, sections 7.1 to 7.3)."""

import pytest

from diagnose.parsers.haproxy.config import parse
from diagnose.parsers.haproxy.criteria import Criterion, criterion_of, variables_of, with_fetch
from tests.support.haproxy_evidence import CONFIG, TEXT, config

SHOP = ("shop.example.com",)


@pytest.mark.parametrize(
    ("words", "criterion"),
    [
        ("hdr(host) -i shop.example.com", Criterion("host", "str", SHOP)),
        ("hdr_end(host) shop.example.com", Criterion("host", "end", SHOP)),
        ("hdr(Host),lower,field(1,:) shop.example.com", Criterion("host", "str", SHOP, True)),
        ("hdr(host) -m dom -- shop.example.com", Criterion("host", "dom", SHOP)),
        ("hdr_end(host) -m end shop.example.com", Criterion("host", "end", SHOP)),
        ("path_end -m str css", Criterion("path", "str", ("css",), False, "end")),
        ("hdr(Upgrade) -i websocket", Criterion("websocket", "str", ("websocket",))),
        ("ssl_fc_sni shop.example.com", Criterion("sni", "str", SHOP, is_own=True)),
        ("req.ssl_sni shop.example.com", Criterion("sni", "str", SHOP, is_own=False)),
        ("path_beg /api /ws", Criterion("path", "beg", ("/api", "/ws"))),
        ("ssl_fc", Criterion("tls")),
        ("ssl_fc 0", Criterion("plain", "str", ("0",))),
        ("dst_port 443", Criterion("port", "str", ("443",))),
        ("always_false", Criterion("false")),
        # Nothing is known of a file, a map, another field or another fetch.
        ("hdr(host) -f /etc/haproxy/names", Criterion("")),
        ("hdr(x-forwarded-for) 192.0.2.1", Criterion("", "str", ("192.0.2.1",))),
        ("src 192.0.2.0/24", Criterion("src", "str", ("192.0.2.0/24",))),
        ("hdr_sub(User-Agent) -i Bot", Criterion("agent", "sub", ("Bot",), ignore_case=True)),
        ("", Criterion("")),
    ],
)
def test_what_is_compared(words: str, criterion: Criterion) -> None:
    assert criterion_of(words.split()) == criterion


# What a frontend keeps in variables (section 2.8)

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
