"""Apache has the companion of the line that passes requests on, and not the line itself."""

from .. import apache
from ..apache import HTTP, HTTPS
from ..lab import Lab
from .apache import apache_scenario, healthy_apache

PASS = "    ProxyPass / http://127.0.0.1:3000/\n"


@apache_scenario(
    outside="http.not-the-site", server="server.apache-pass-missing", differs=(apache.SITE,)
)
def reverse_line_stands_alone(lab: Lab) -> None:
    """https://httpd.apache.org/docs/2.4/mod/mod_proxy.html#proxypassreverse: the two lines were
    taken for one."""
    apache.serve(lab, f"{HTTPS.replace(PASS, '')}\n{HTTP}")


@apache_scenario(
    outside="http.not-the-site", server="server.apache-pass-missing", differs=(apache.SITE,)
)
def line_that_passes_on_is_a_comment(lab: Lab) -> None:
    """Taken out of force for a test, and left so."""
    apache.serve(lab, f"{HTTPS.replace(PASS, '    # ' + PASS.lstrip())}\n{HTTP}")


@healthy_apache()
def rule_passes_on_what_the_reverse_line_names(lab: Lab) -> None:
    rule = "    RewriteEngine On\n    RewriteRule ^/(.*)$ http://127.0.0.1:3000/$1 [P,L]\n"
    apache.serve(lab, f"{HTTPS.replace(PASS, rule)}\n{HTTP}")


@healthy_apache()
def old_line_in_a_comment_and_a_new_one(lab: Lab) -> None:
    old = "    #ProxyPass / http://127.0.0.1:3999/\n"
    apache.serve(lab, f"{HTTPS.replace(PASS, old + PASS)}\n{HTTP}")
