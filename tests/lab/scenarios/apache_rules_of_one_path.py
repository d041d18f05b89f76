"""Apache's rule for WebSockets has no `$1`, so that the application is asked for one path whatever
visitors ask for. After https://github.com/cockpit-project/cockpit/issues/9543."""

from .. import apache
from ..lab import Lab
from .apache import FILES, WS, apache_scenario, healthy_apache


def _with_rule(lab: Lab, pattern: str, target: str) -> None:
    rules = (
        "    RewriteEngine On\n    RewriteCond %{HTTP:Upgrade} =websocket [NC]\n"
        f"    RewriteRule {pattern} ws://127.0.0.1:3000{target} [P,L]\n"
    )
    line = "    ProxyPass /ws ws://127.0.0.1:3000/ws\n"
    apache.serve(lab, f"{apache.HTTPS.replace(line, rules)}\n{apache.HTTP}")


@apache_scenario(
    outside="websocket.not-upgraded", server="server.path-changed", args=WS, differs=FILES
)
def apache_rule_drops_the_path_of_its_group(lab: Lab) -> None:
    _with_rule(lab, "/(.*)", "/")


@apache_scenario(
    outside="websocket.not-upgraded", server="server.path-changed", args=WS, differs=FILES
)
def apache_rule_without_a_group_drops_the_path(lab: Lab) -> None:
    _with_rule(lab, '"^/"', "/")


@healthy_apache(args=WS)
def apache_rule_keeps_the_path(lab: Lab) -> None:
    _with_rule(lab, "^/?(.*)", "/$1")


@healthy_apache(args=WS)
def apache_rule_has_one_path_for_its_only_websocket(lab: Lab) -> None:
    _with_rule(lab, "^/(.*)", "/ws")
