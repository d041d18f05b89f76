"""The lines of Apache, Caddy and HAProxy about TLS, and what is written in their place."""

import pytest

from checks.server._tls_settings import Purpose, TlsChange, tls_change
from diagnose.model import Edit
from tests.support import haproxy_evidence
from tests.support.caddy_evidence import CADDY, SITE, caddy_config
from tests.support.check_evidence import evidence
from tests.support.nginx_evidence import BUILD, RUNNING, config
from tests.support.web_server_evidence import APACHE, HTTPS, apache_config

OTHER = HTTPS.replace("shop.example.com", "aaa.example.org")


def apache(line: str, purpose: Purpose, before: str = "") -> TlsChange | None:
    text = HTTPS.replace("    SSLEngine on\n", f"    SSLEngine on\n    {line}\n")
    return tls_change(evidence(APACHE, apache_config(before + text)), purpose)


def haproxy(words: str, purpose: Purpose, default: str = "") -> TlsChange | None:
    text = haproxy_evidence.TEXT.replace(
        f"crt {haproxy_evidence.PEM}", f"crt {haproxy_evidence.PEM} {words}".rstrip()
    )
    text = text.replace("    maxconn 5\n", f"    maxconn 5\n{default}")
    return tls_change(evidence(haproxy_evidence.SERVER, haproxy_evidence.config(text)), purpose)


def caddy(purpose: Purpose, *lines: str) -> TlsChange | None:
    own = "".join(f"\t\t{line}\n" for line in lines)
    text = SITE.replace("shop.key", f"shop.key {{\n{own}\t}}")
    return tls_change(evidence(CADDY, caddy_config(text)), purpose)


def added(change: TlsChange | None) -> list[str]:
    assert change
    assert change.place
    edits = [step for step in change.fix.steps if isinstance(step, Edit)]
    lines = [line for edit in edits for line in edit.diff.split("\n")]
    return [line[1:].strip() for line in lines if line[:1] == "+" and line[:3] != "+++"]


@pytest.mark.parametrize(
    ("line", "purpose", "expected"),
    [
        ("SSLProtocol TLSv1.1", "current-versions", "SSLProtocol TLSv1.1 +TLSv1.2 +TLSv1.3"),
        ("SSLProtocol all -TLSv1.2 -TLSv1.3", "current-versions", "SSLProtocol all"),
        ("SSLProtocol -all +TLSv1.3", "older-clients", "SSLProtocol -all +TLSv1.3 +TLSv1.2"),
        ("SSLProtocol all", "no-old-versions", "SSLProtocol -all +TLSv1.2 +TLSv1.3"),
        ("", "no-old-versions", "SSLProtocol -all +TLSv1.2 +TLSv1.3"),
        (
            "SSLOpenSSLConfCmd Groups P-521",
            "usual-groups",
            "# SSLOpenSSLConfCmd Groups P-521",
        ),
        ("SSLVerifyClient require", "no-client-certificate", "SSLVerifyClient none"),
    ],
)
def test_apache(line: str, purpose: Purpose, expected: str) -> None:
    assert added(apache(line, purpose)) == [expected]


def test_apaches_first_site_of_the_port_counts_too() -> None:
    other = OTHER.replace("    SSLEngine on\n", "    SSLEngine on\n    SSLProtocol TLSv1\n")
    lines = added(apache("SSLProtocol TLSv1", "current-versions", other))
    assert lines == ["SSLProtocol TLSv1 +TLSv1.2 +TLSv1.3"] * 2


def test_apache_adds_suites_and_keeps_those_of_tls_1_3() -> None:
    (line,) = added(apache("SSLCipherSuite DHE-RSA-AES256-GCM-SHA384", "more-suites"))
    assert line.startswith("SSLCipherSuite DHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-AES128")
    assert apache("SSLCipherSuite TLSv1.3 TLS_AES_256_GCM_SHA384", "more-suites") is None


@pytest.mark.parametrize(
    ("words", "purpose", "expected"),
    [
        ("ssl-min-ver TLSv1.0 ssl-max-ver TLSv1.1", "current-versions", "ssl-min-ver TLSv1.0"),
        ("force-tlsv11", "current-versions", ""),
        ("ssl-min-ver TLSv1.0", "no-old-versions", "ssl-min-ver TLSv1.2"),
        ("", "no-old-versions", "ssl-min-ver TLSv1.2"),
        ("ssl-min-ver TLSv1.3", "older-clients", "ssl-min-ver TLSv1.2"),
        ("curves P-521", "usual-groups", ""),
        ("ca-file x verify required", "no-client-certificate", "ca-file x verify none"),
    ],
)
def test_haproxy(words: str, purpose: Purpose, expected: str) -> None:
    (line,) = added(haproxy(words, purpose))
    assert line == f"bind :443 ssl crt {haproxy_evidence.PEM} {expected}".rstrip()


def test_haproxys_default_for_all_lines() -> None:
    default = "    ssl-default-bind-options ssl-min-ver TLSv1.0 no-tls-tickets  # old\n"
    (line,) = added(haproxy("", "no-old-versions", default))
    assert line == "ssl-default-bind-options ssl-min-ver TLSv1.2 no-tls-tickets  # old"
    default = "    ssl-default-bind-ciphers DHE-RSA-AES256-GCM-SHA384\n"
    (line,) = added(haproxy("", "more-suites", default))
    assert line.startswith("ssl-default-bind-ciphers DHE-RSA-AES256-GCM-SHA384:ECDHE-")


def test_caddy() -> None:
    assert added(caddy("usual-groups", "curves secp521r1")) == ["# curves secp521r1"]
    assert added(caddy("older-clients", "protocols tls1.3")) == ["protocols tls1.2 tls1.3"]
    lines = ("client_auth {", "\tmode require_and_verify", "}")
    assert added(caddy("no-client-certificate", *lines)) == [f"# {line.strip()}" for line in lines]


def test_none_where_no_line_is_against_it() -> None:
    purposes: tuple[Purpose, ...] = (
        "current-versions", "older-clients", "usual-groups", "more-suites", "no-client-certificate",
    )  # fmt: skip
    for purpose in purposes:
        assert apache("", purpose) is None
        assert haproxy("", purpose) is None
        assert caddy(purpose) is None
    assert caddy("no-old-versions") is None
    assert apache("SSLVerifyClient none", "no-client-certificate") is None


def test_none_of_nginx() -> None:
    assert tls_change(evidence(config(), BUILD, RUNNING), "no-old-versions") is None
