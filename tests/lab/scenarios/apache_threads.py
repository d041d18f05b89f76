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
