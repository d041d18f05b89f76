"""A machine in front asks this server without the site's name, and gets its default site.

From https://www.fixwikihub.com/articles/nginx-proxy-pass-not-forwarding-host-header-fix: its
`proxy_pass` has no `proxy_set_header Host $host`.
"""

from tests.lab import site
from tests.lab.lab import SERVER, Lab
from tests.lab.scenario import healthy, scenario

from .addresses import NAME, OTHER, PROVIDER, other_machine

SITES = f"""\
server {{
  listen 80;
  server_name blog.example.com;
  default_type text/html;
  return 200 "<!doctype html><title>The blog</title>";
}}
server {{
  listen 80;
  server_name {NAME};
  default_type text/html;
  return 200 "<!doctype html><title>The shop</title>";
}}
"""
TOLD = f"https://{NAME}/ zeigt das Blog statt der Webseite"


def _ended_elsewhere(lab: Lab, field: str = "") -> None:
    lab.server.write(site.CONF, SITES)
    lab.restart_nginx()
    other_machine(lab, f"proxy_pass http://{SERVER}; proxy_bind {OTHER}; {field}")
    lab.dns([OTHER])


@scenario(outside=None, server="http.host-lost-in-front", target=TOLD, manual=PROVIDER)
def proxy_in_front_loses_the_host(lab: Lab) -> None:
    _ended_elsewhere(lab)


@healthy(target=TOLD)
def proxy_in_front_passes_the_host_on(lab: Lab) -> None:
    _ended_elsewhere(lab, "proxy_set_header Host $host;")
