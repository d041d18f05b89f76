"""A server block whose name is weaker than another one's."""

from .. import site
from ..lab import Lab
from ..scenario import healthy, scenario

CHECK = "nginx.name-expression-unused"
ALL = f"""\
server {{
  listen 443 ssl;
  server_name *.example.com;
  ssl_certificate {site.PEM};
  ssl_certificate_key {site.KEY};
  location / {{
    return 404;
  }}
}}
"""
EXPRESSION = r"server_name ~^(?<tenant>shop|store)\.example\.com$;"


def _lay(lab: Lab, name: str) -> None:
    own = site.HTTPS.replace(f"server_name {site.NAME};", name)
    lab.configure("\n".join((site.MAP, ALL, own, site.HTTP)))
    lab.restart_nginx()


@scenario(outside=None, server=CHECK, differs=(site.CONF,))
def a_wildcard_comes_before_the_expression_of_the_site(lab: Lab) -> None:
    """After http://serverfault.com/questions/240507/nginx-server-name-resolution-order."""
    _lay(lab, EXPRESSION)


@healthy()
def the_name_itself_comes_before_a_wildcard(lab: Lab) -> None:
    _lay(lab, EXPRESSION.replace("~", f"{site.NAME} ~"))
