"""A file of a configuration was renamed: its copy lies beside the place that is empty now."""

from .. import caddy, haproxy
from ..lab import Lab
from ..scenario import scenario
from .caddy import caddy_scenario
from .haproxy import haproxy_scenario
from .nginx import start_in_vain

SNIPPET = "/etc/nginx/snippets/shop-fields.conf"
STARTED = ("processes", "listeners")


@caddy_scenario(
    outside="tcp.refused",
    server="server.config-invalid",
    differs=(caddy.CONFIG, f"{caddy.CONFIG}.bak", *STARTED),
)
def caddyfile_is_a_backup_only(lab: Lab) -> None:
    caddy.install(lab)
    lab.server.sh(f"mv {caddy.CONFIG} {caddy.CONFIG}.bak")


@haproxy_scenario(
    outside="tcp.refused",
    server="server.config-invalid",
    differs=(haproxy.CONFIG, f"{haproxy.CONFIG}.dpkg-old", *STARTED),
)
def configuration_of_haproxy_is_a_backup_only(lab: Lab) -> None:
    haproxy.install(lab)
    lab.server.sh(f"mv {haproxy.CONFIG} {haproxy.CONFIG}.dpkg-old")


@scenario(
    outside="tcp.refused",
    server="nginx.config-invalid",
    differs=(SNIPPET, f"{SNIPPET}.disabled", *STARTED),
)
def included_file_of_nginx_is_a_backup_only(lab: Lab) -> None:
    lab.server.sh("mkdir -p /etc/nginx/snippets")
    lab.undo(lambda: lab.server.sh(f"rm -f {SNIPPET}*"))
    lab.server.write(f"{SNIPPET}.disabled", "add_header X-Content-Type-Options nosniff;\n")
    lab.edit("ssl_session_timeout 5m;", f"include {SNIPPET};")
    start_in_vain(lab)
