"""The slips of a configuration that Apache's own test refuses. Each message is Apache 2.4's."""

import pytest

from diagnose.parsers.apache.slips import KINDS, slip_of

HOST = ("<VirtualHost *:443>", "    ServerName a.example", "    <Directory /srv>",
        "        Require all granted", "    </Directory>", "</VirtualHost>")  # fmt: skip


def mended(lines: tuple[str, ...], number: int, message: str) -> list[str]:
    """The lines after the edit; the same ones if there is none."""
    slip = slip_of(lines, number, message)
    if slip is None:
        return list(lines)
    assert slip.kind in KINDS
    assert slip.value
    return [new for n, text in enumerate(lines, 1) for new in slip.changes.get(n, (text,))]


@pytest.mark.parametrize(
    ("line", "message", "wanted"),
    [
        ("    ServerName a.example b.example", "ServerName takes one argument, The hostname",
         ["    ServerName a.example", "    ServerAlias b.example"]),
        ("Include /srv/none/*.conf", "Include/IncludeOptional: No matches for the wildcard",
         ["IncludeOptional /srv/none/*.conf"]),
        ("SSLProtocol all -TLSv1.4", "SSLProtocol: Illegal protocol 'TLSv1.4'",
         ["SSLProtocol all"]),
        ("SSLProtocol all -TLS1.1", "SSLProtocol: Illegal protocol 'TLS1.1'",
         ["SSLProtocol all -TLSv1.1"]),
        ("Options -Indexes FollowSymLinks", "Either all Options must start with + or -, or no",
         ["Options -Indexes +FollowSymLinks"]),
        ("Options FollowSymLink", "Illegal option FollowSymLink", ["Options FollowSymLinks"]),
        ("AllowOverride Al", "Illegal override option Al", ["AllowOverride All"]),
        ("ProxyPass / 127.0.0.1:3000", "ProxyPass Unable to parse URL: 127.0.0.1:3000",
         ["ProxyPass / http://127.0.0.1:3000"]),
        ("ProxyPass / localhost/", "ProxyPass URL must be absolute!: localhost/",
         ["ProxyPass / http://localhost/"]),
        ("RewriteRule ^a$ /b [R=301, L]", "RewriteRule: bad flag delimiters",
         ["RewriteRule ^a$ /b [R=301,L]"]),
        ("RewriteRule ^a$ /b [R=301,L", "RewriteRule: bad flag delimiters",
         ["RewriteRule ^a$ /b [R=301,L]"]),
        ("RewriteCond %{HTTPS} off [NC OR]", "RewriteCond: bad flag delimiters",
         ["RewriteCond %{HTTPS} off [NC,OR]"]),
        ("Require al granted", "Unknown Authz provider: al", ["Require all granted"]),
        ("Require granted", "Unknown Authz provider: granted", ["Require all granted"]),
        ("Require all grant", "Argument for 'Require all' must be 'granted' or 'denied'",
         ["Require all granted"]),
        ("SSLEngine yes", "Argument must be On or Off", ["SSLEngine On"]),
        ("ProxyPreserveHost no", "ProxyPreserveHost must be On or Off", ["ProxyPreserveHost Off"]),
        ("AuthName Members Only", "AuthName takes one argument, the authentication realm",
         ['AuthName "Members Only"']),
        ("Header always set A b; c; d", "Too many arguments to directive",
         ['Header always set A "b; c; d"']),
        ("Header set A b; c env=X", "Unknown parameter: c", ['Header set A "b; c" env=X']),
        ("LimitRequestBody 20M", "LimitRequestBody requires a non-negative integer.",
         ["LimitRequestBody 20971520"]),
        ("<IfModule mod_x.c", "<IfModule> directive missing closing '>'", ["<IfModule mod_x.c>"]),
        ("SSLCertificateFile “/etc/a.pem”",
         r"SSLCertificateFile: file '/etc/\xe2\x80\x9c/etc/a.pem\xe2\x80\x9d' does not exist or",
         ['SSLCertificateFile "/etc/a.pem"']),
    ],
)  # fmt: skip
def test_mends_a_line(line: str, message: str, wanted: list[str]) -> None:
    assert mended((line,), 1, message) == wanted


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("SSLProtocol TLSv9", "SSLProtocol: Illegal protocol 'TLSv9'"),  # nothing is left
        ("ProxyPass / shop:443/", "ProxyPass URL must be absolute!: shop:443/"),  # it may be TLS
        # A version that is closed would be open again.
        ("SSLProtocol all -SSLv3 -TLSv10", "SSLProtocol: Illegal protocol 'TLSv10'"),
        ("Options None +FollowSymLinks", "Either all Options must start with + or -, or no"),
        ("RewriteRule a b [E=X:some words, L]", "RewriteRule: bad flag delimiters"),
        # The module of these is not loaded.
        ("Require dbm-group staff", "Unknown Authz provider: dbm-group"),
        ("Require ldap-filter a=b", "Unknown Authz provider: ldap-filter"),
        ("Require everybody", "Unknown Authz provider: everybody"),
        ("SSLEngine perhaps", "Argument must be On or Off"),
        ("RewriteRule ^a$ /b [R=%{ENV:X}, L]", "RewriteRule: bad flag delimiters"),
        ('Header set A "b" c', "Unknown parameter: c"),
        ("ServerName a.example b.example", "Syntax error"),
        ("x" * 2000, "Argument must be On or Off"),
    ],
)
def test_leaves_a_line_to_a_person(line: str, message: str) -> None:
    assert mended((line,), 1, message) == [line]


def test_mends_the_other_lines_with_the_same_slip() -> None:
    lines = ("RewriteRule a b [R, L]", "RewriteCond %{HTTPS} off [NC, OR]", "RewriteRule c d [L]")
    wanted = ["RewriteRule a b [R,L]", "RewriteCond %{HTTPS} off [NC,OR]", "RewriteRule c d [L]"]
    assert mended(lines, 1, "RewriteRule: bad flag delimiters") == wanted


def test_closes_a_virtual_host_before_the_next_one() -> None:
    lines = (*HOST[:-1], "", "# The other", *HOST)
    wanted = [*HOST, "", "# The other", *HOST]
    assert mended(lines, 1, "<VirtualHost> was not closed.") == wanted
    nested = "<VirtualHost> cannot occur within <VirtualHost> section"
    assert mended(lines, 8, nested) == wanted
    assert mended(HOST, 1, nested) == list(HOST), "as many ends as beginnings"


def test_closes_a_section_where_its_lines_end() -> None:
    open_lines = (*HOST[:4], "    ProxyPass / http://a/", HOST[5])
    wanted = [*HOST[:5], "    ProxyPass / http://a/", HOST[5]]
    assert mended(open_lines, 6, "Expected </Directory> but saw </VirtualHost>") == wanted
    flat = ("<VirtualHost *:80>", "<Directory /srv>", "Require all granted", "ProxyPass / http://a/",
            "</VirtualHost>")  # fmt: skip
    closed = [*flat[:3], "</Directory>", *flat[3:]]
    assert mended(flat, 5, "Expected </Directory> but saw </VirtualHost>") == closed


def test_takes_away_an_end_that_closes_nothing() -> None:
    message = "</VirtualHost> without matching <VirtualHost> section"
    assert mended((*HOST, "</VirtualHost>"), 7, message) == list(HOST)
    lines = ("#<VirtualHost *:80>", "</VirtualHost>")
    assert mended(lines, 2, message) == list(lines), "which one is meant?"


def test_stays_within_bounds() -> None:
    deep = ("<a>",) * 4000
    assert slip_of(deep, 1, "<b> was not closed") is None
    assert slip_of(("a",) * 6000, 1, "Argument must be On or Off") is None
    assert slip_of((), 0, "") is None
    assert slip_of(("Header set A " + "b; " * 300,) * 3000, 1, "Unknown parameter: b") is not None
