"""Apache's rewrite rules do nothing: their virtual host has no `RewriteEngine On`."""

from .. import apache
from ..apache import HTTP, HTTPS
from ..lab import Lab
from .apache import apache_scenario, healthy_apache

RULES = (
    "    RewriteCond %{HTTP:Upgrade} websocket [NC]\n"
    "    RewriteRule ^/ws$ ws://127.0.0.1:3000/ws [P,L]\n"
)
SITE = HTTPS.replace("    ProxyPass /ws ws://127.0.0.1:3000/ws\n", RULES)


@apache_scenario(
    outside="websocket.not-upgraded",
    server="server.apache-rewrite-engine-off",
    args=("--ws", "/ws"),
    differs=(apache.SITE,),
)
def rule_for_the_websocket_is_off(lab: Lab) -> None:
    """After guides that show the rules alone."""
    apache.serve(lab, f"{SITE}\n{HTTP}")


@healthy_apache(args=("--ws", "/ws"))
def rules_that_are_off_and_not_needed(lab: Lab) -> None:
    """A line of mod_proxy passes the WebSocket on."""
    line = "    ProxyPass /ws ws://127.0.0.1:3000/ws\n"
    apache.serve(lab, f"{SITE.replace(RULES, line + RULES)}\n{HTTP}")
