"""The default of a map takes the name of the site."""

from .. import site
from ..lab import Lab
from ..scenario import healthy, scenario

CHECK = "nginx.map-default-taken"
TABLE = """\
map $host $backend {
  default 127.0.0.1:4000;
  NAME 127.0.0.1:3000;
}
"""
OTHER = "server {\n  listen 127.0.0.1:4000;\n  return 404;\n}\n"


def _lay(lab: Lab, name: str) -> None:
    own = site.HTTPS.replace("proxy_pass http://127.0.0.1:3000;", "proxy_pass http://$backend;")
    table = TABLE.replace("NAME", name)
    lab.configure("\n".join((site.MAP, table, own, site.HTTP, OTHER)))
    lab.restart_nginx()


@scenario(outside=None, server=CHECK, differs=(site.CONF,))
def a_map_has_the_name_with_www_alone(lab: Lab) -> None:
    """After https://nginx.org/en/docs/http/ngx_http_map_module.html: the default is the value of
    what matches nothing."""
    _lay(lab, f"www.{site.NAME}")


@healthy()
def a_map_has_the_name(lab: Lab) -> None:
    _lay(lab, site.NAME)
