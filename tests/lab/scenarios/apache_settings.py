"""Apache: a file of passwords, a balancer and a FastCGI program that are not there."""

from .. import apache
from ..apache import HTTP, HTTPS
from ..lab import Lab
from .apache import FILES, WS, apache_scenario, healthy_apache
from .apache_threads import SECURE, application_with_tls, site_with
from .logged_websockets import _browser

MEMBERS = """\
<Proxy balancer://shop>
    BalancerMember http://127.0.0.1:3000
</Proxy>
"""
PASSED = "ProxyPass /ws ws://127.0.0.1:3000/ws\nProxyPass / balancer://{}/"


def _balance(lab: Lab, name: str) -> None:
    modules = ("proxy_balancer", "lbmethod_byrequests", "slotmem_shm")
    apache.install(lab, f"{MEMBERS}{site_with(PASSED.format(name))}")
    apache.enable(lab, *modules)
    lab.undo(lambda: apache.disable(lab, *modules))
    apache.start(lab)


@apache_scenario(
    outside="http.server-error", server="server.apache-balancer-empty", differs=FILES, args=WS
)
def apache_names_a_balancer_without_members(lab: Lab) -> None:
    _balance(lab, "shpo")


@healthy_apache(args=WS)
def apache_names_a_balancer_with_a_member(lab: Lab) -> None:
    _balance(lab, "shop")


PASSWORDS = "/etc/apache2/shop_passwords"
GUARDED = f"""\
<Location />
    AuthType Basic
    AuthName Shop
    AuthUserFile {PASSWORDS}
    Require valid-user
</Location>
ProxyPass / http://127.0.0.1:3000/
"""


def _guard(lab: Lab, mode: int) -> None:
    """A visitor has typed a password: without it Apache does not look for the file."""
    lab.undo(lambda: lab.server.sh(f"rm -f {PASSWORDS}"))
    if mode:
        lab.server.write(PASSWORDS, "ann:{SHA}qUqP5cyxm6YcTAhz05Hph5gvu9M=\n", mode)
    apache.serve(lab, site_with(GUARDED))
    _browser(lab, "/", "-u", "ann:test")


NOT_OPEN = "the site asks for a password"


@apache_scenario(outside=None, server="server.apache-password-file", manual=NOT_OPEN)
def apache_has_no_file_of_passwords(lab: Lab) -> None:
    _guard(lab, 0)


@apache_scenario(outside=None, server="server.apache-password-file", manual=NOT_OPEN)
def apache_may_not_read_its_file_of_passwords(lab: Lab) -> None:
    _guard(lab, 0o600)


SOCKETS = """\
RewriteEngine on
RewriteCond %{HTTP:Upgrade} =websocket [NC]
RewriteRule ^/?(.*) ws://127.0.0.1:3000/$1 [P,L]
"""


@apache_scenario(
    outside="websocket.not-upgraded", server="server.application-speaks-tls", differs=FILES, args=WS
)
def apache_passes_websockets_on_without_tls(lab: Lab) -> None:
    """ws:// where ProxyPass has https:// for the same port."""
    application_with_tls(lab)
    apache.serve(lab, site_with(SOCKETS + SECURE))


@healthy_apache(args=WS)
def apache_passes_websockets_on_with_tls(lab: Lab) -> None:
    application_with_tls(lab)
    apache.serve(lab, site_with(SOCKETS.replace("ws://", "wss://") + SECURE))


HANDLER = """\
    DirectoryIndex index.php
    <FilesMatch \\.php$>
        SetHandler "proxy:fcgi://127.0.0.1:9001"
    </FilesMatch>
"""


@apache_scenario(
    outside="http.server-error",
    server="server.application-down",
    manual="PHP is not here",
)
def apache_hands_php_to_a_port_that_is_not_open(lab: Lab) -> None:
    start = HTTPS.index("    ProxyPreserveHost")
    end = HTTPS.index("</VirtualHost>")
    apache.install(lab, f"{HTTPS[:start]}{HANDLER}{HTTPS[end:]}\n{HTTP}")
    apache.enable(lab, "proxy_fcgi")
    lab.server.write("/var/www/html/index.php", "<?php echo 'It works.';\n")
    lab.server.sh("rm -f /var/www/html/index.html")
    apache.start(lab)
