"""A RewriteRule of Apache's virtual host that comes before ProxyPass."""

from .. import apache
from ..lab import Lab
from .apache import apache_scenario, healthy_apache

CHECK = "server.apache-rewrite-first"
PASS = "    ProxyPass / http://127.0.0.1:3000/\n    ProxyPassReverse / http://127.0.0.1:3000/\n"
RULES = (
    "    RewriteEngine On\n    RewriteCond %{DOCUMENT_ROOT}%{REQUEST_URI} !-f\n"
    "    RewriteRule ^ /index.html [L]\n"
)
WS = ("--ws", "/ws")


def _lay(lab: Lab, rules: str) -> None:
    """The page comes from files, and the WebSocket from the application."""
    text = apache.HTTPS.replace(PASS, rules)
    apache.install(lab, f"{text}\n{apache.HTTP}")
    apache.enable(lab, "rewrite")
    page = "<!doctype html><title>Shop</title><p>It works.</p>\n"
    lab.server.write("/var/www/html/index.html", page)
    apache.start(lab)


@apache_scenario(
    outside="websocket.not-upgraded", server=CHECK, args=WS,
    differs=("/etc/apache2/sites-available/shop.conf",),
)  # fmt: skip
def apache_rule_of_the_page_takes_the_websocket(lab: Lab) -> None:
    """After https://httpd.apache.org/docs/2.4/rewrite/flags.html#flag_pt: what a rule has led to a
    file is not passed to other modules."""
    _lay(lab, RULES)


@healthy_apache(args=WS)
def apache_rule_of_the_page_spares_the_websocket(lab: Lab) -> None:
    _lay(
        lab,
        RULES.replace("    RewriteCond", "    RewriteCond %{REQUEST_URI} !^/ws\n    RewriteCond"),
    )
