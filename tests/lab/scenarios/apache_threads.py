"""Apache in front of an application, after threads whose cause was not named at first sight."""

import re

from .. import apache, certificates
from ..apache import HTTP, HTTPS
from ..lab import Lab
from .apache import FILES, apache_scenario, healthy_apache
from .apache_log import KEY, PEM
from .logged_websockets import UPGRADE, _browser

OWN_LINE = "    ProxyPass /ws ws://127.0.0.1:3000/ws\n"
BARE = re.sub(r"    (?:Proxy|RequestHeader).*\n", "", HTTPS)


def site_with(lines: str) -> str:
    """The site with these lines in the place of those that pass requests on."""
    indented = "".join(f"    {line}\n" for line in lines.strip().split("\n"))
    return f"{BARE.replace('</VirtualHost>', f'{indented}</VirtualHost>')}\n{HTTP}"


def application_with_tls(lab: Lab) -> None:
    issued = certificates.good()
    lab.server.write(PEM, issued.chain)
    lab.server.write(KEY, issued.key_pem, 0o600)
    lab.application("--certificate", PEM, "--key", KEY)


# A WebSocket that no page names: the access log has the handshake that failed

SECURE = """\
SSLProxyEngine on
SSLProxyCheckPeerName off
ProxyPass / https://127.0.0.1:3000/
ProxyPassReverse / https://127.0.0.1:3000/
"""
OTHER_RULE = """\
RewriteEngine On
RewriteCond %{HTTP:Connection} Upgrade [NC]
RewriteCond %{HTTP:Upgrade} websocket [NC]
RewriteRule /p/socket(.*) ws://127.0.0.1:3000/p/socket$1 [P,L]
ProxyPass / http://127.0.0.1:3000/
ProxyPassReverse / http://127.0.0.1:3000/
"""


@apache_scenario(outside=None, server="server.websocket-not-passed", differs=FILES)
def apache_logged_a_handshake_of_an_application_with_tls(lab: Lab) -> None:
    """https://www.happyassassin.net/2018/11/23/reverse-proxying-websockets-with-apache-a-generic-approach-that-works-even-with-firefox/:
    ProxyPass / https://…, and nothing for the upgrade."""
    application_with_tls(lab)
    apache.serve(lab, site_with(SECURE))
    _browser(lab, "/ws", *UPGRADE)


@apache_scenario(outside=None, server="server.websocket-not-passed", differs=FILES)
def apache_logged_a_handshake_at_another_path_than_its_rule(lab: Lab) -> None:
    """https://github.com/magne4000/quassel-webserver/issues/217: the rule is for /p/socket."""
    apache.serve(lab, site_with(OTHER_RULE))
    _browser(lab, "/ws", *UPGRADE)


@healthy_apache()
def apache_logged_addresses_that_visitors_typed_wrongly(lab: Lab) -> None:
    """The application has no WebSocket at a path that it does not know."""
    apache.serve(lab, f"{HTTPS}\n{HTTP}".replace(OWN_LINE, OWN_LINE + "    Redirect 404 /old\n"))
    _browser(lab, "/old")
    _browser(lab, "/old", *UPGRADE)


@healthy_apache()
def apache_logged_a_handshake_that_opens_by_now(lab: Lab) -> None:
    apache.serve(lab, f"{HTTPS}\n{HTTP}".replace(OWN_LINE, ""))
    _browser(lab, "/ws", *UPGRADE)
    apache.edit(lab, "    ProxyPass / ", OWN_LINE + "    ProxyPass / ")
    lab.server.run(["apachectl", "graceful"], check=True)


# What the application learns about the visitor's scheme

TOLD = "RequestHeader set X-Forwarded-Proto https"


def told_by(lab: Lab, line: str, mode: str = "redirect-to-https") -> None:
    lab.application("--mode", mode)
    apache.serve(lab, f"{HTTPS}\n{HTTP}".replace(TOLD, line))


@apache_scenario(outside="http.redirect-loop", server="server.scheme-not-passed", differs=FILES)
def apache_sends_a_scheme_that_is_none(lab: Lab) -> None:
    """https://github.com/dotnet/AspNetCore.Docs/issues/29673: the documentation had an "s" behind
    %{REQUEST_SCHEME}, and the application gets "httpss"."""
    told_by(lab, 'RequestHeader set "X-Forwarded-Proto" expr=%{REQUEST_SCHEME}s')


@apache_scenario(outside="http.redirect-loop", server="server.scheme-not-passed", differs=FILES)
def apache_sends_the_scheme_to_the_visitor(lab: Lab) -> None:
    """Header in the place of RequestHeader."""
    told_by(lab, "Header always set X-Forwarded-Proto https")


@healthy_apache()
def apache_sends_the_scheme_under_a_condition(lab: Lab) -> None:
    """mod_ssl sets HTTPS for every request over TLS, without `SSLOptions +StdEnvVars` too."""
    told_by(lab, "RequestHeader set X-Forwarded-Proto https env=HTTPS")


@apache_scenario(
    outside="http.redirect-downgrade",
    server="server.scheme-not-passed",
    differs=FILES,
    target="https://shop.example.com/manage",
)
def apache_application_writes_http_into_its_redirects(lab: Lab) -> None:
    """https://github.com/leihs/leihs/issues/2227: no X-Forwarded-Proto; port 80 leads back to
    https here, and was closed there."""
    told_by(lab, "", "scheme-in-redirect")


@healthy_apache(target="https://shop.example.com/manage")
def apache_application_writes_https_into_its_redirects(lab: Lab) -> None:
    told_by(lab, TOLD, "scheme-in-redirect")


@healthy_apache()
def apache_sends_the_scheme_of_the_request(lab: Lab) -> None:
    told_by(lab, 'RequestHeader set "X-Forwarded-Proto" expr=%{REQUEST_SCHEME}')
