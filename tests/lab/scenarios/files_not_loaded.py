"""The site is in a file beside the configuration that nginx, Caddy or HAProxy does not read."""

from .. import caddy, haproxy, site
from ..lab import Lab
from ..scenario import scenario
from .caddy import caddy_scenario
from .haproxy import haproxy_scenario

BY_COMMAND = "HAProxy has to be started with another command"


@caddy_scenario(outside="tcp.refused", server="server.port-not-served", differs=(caddy.CONFIG,))
def caddy_imports_no_file_of_the_site(lab: Lab) -> None:
    lab.server.write("/etc/caddy/sites/shop.caddy", caddy.SHOP)
    lab.undo(lambda: lab.server.sh("rm -rf /etc/caddy/sites"))
    caddy.serve(lab, caddy.OTHER, 80)


@caddy_scenario(
    outside="tcp.refused",
    server="server.port-not-served",
    differs=("/etc/caddy/sites/shop.conf", "/etc/caddy/sites/shop.conf.caddy"),
)
def caddy_imports_files_of_another_name(lab: Lab) -> None:
    lab.server.write("/etc/caddy/sites/shop.conf", caddy.SHOP)
    lab.server.write("/etc/caddy/sites/other.caddy", ":8099 {\n\trespond hello\n}\n")
    lab.undo(lambda: lab.server.sh("rm -rf /etc/caddy/sites"))
    caddy.serve(lab, f"{caddy.OTHER}import sites/*.caddy\n", 80)


@haproxy_scenario(outside="tcp.refused", server="server.port-not-served", manual=BY_COMMAND)
def haproxy_is_not_given_the_file_of_the_site(lab: Lab) -> None:
    haproxy.install(lab, haproxy.SITE.replace(haproxy.HTTPS, ""))
    lab.server.write("/etc/haproxy/conf.d/https.cfg", haproxy.HTTPS)
    lab.undo(lambda: lab.server.sh("rm -rf /etc/haproxy/conf.d"))
    haproxy.start(lab, 80)


@scenario(
    outside="tcp.refused",
    server="nginx.site-not-included",
    manual="whether the file is for this nginx, a person knows",
    not_on={"panel": "the panel includes files of its own"},
)
def nginx_reads_no_file_of_the_project(lab: Lab) -> None:
    lab.undo(lambda: lab.server.sh("rm -rf /srv/shop"))
    lab.server.write("/srv/shop/nginx/ssl.conf", site.HTTPS)
    lab.change(site.HTTPS, "")
