"""Rules of Apache that redirect where the visitor's name is another one."""

from .. import apache
from ..apache import HTTP, HTTPS
from ..lab import Lab
from .apache import FILES, apache_scenario, healthy_apache

RULES = """\
    RewriteEngine on
    RewriteCond %{{SERVER_NAME}} ={}
    RewriteRule ^ https://%{{SERVER_NAME}}%{{REQUEST_URI}} [END,NE,R=permanent]
</VirtualHost>"""


def _serve(lab: Lab, name: str) -> None:
    """The redirect as certbot writes it."""
    lines = [line for line in HTTP.split("\n") if "Redirect" not in line and "Rewrite" not in line]
    plain = "\n".join(lines).replace("</VirtualHost>", RULES.format(name))
    apache.serve(lab, f"{HTTPS}\n{plain}")


@apache_scenario(outside="http.no-redirect", server="server.redirect-missing", differs=FILES)
def apache_redirects_a_misspelt_name(lab: Lab) -> None:
    _serve(lab, "sho.example.com")


@healthy_apache()
def apache_redirects_its_own_name(lab: Lab) -> None:
    _serve(lab, "shop.example.com")
