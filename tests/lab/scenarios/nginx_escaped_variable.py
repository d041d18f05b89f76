"""Scenarios of nginx.escaped-variable."""

from .. import site
from ..lab import Lab
from ..scenario import healthy, scenario

HOST = "    proxy_set_header Host $http_host;\n    proxy_set_header X-Forwarded-Proto https;\n"


@scenario(outside=None, server="nginx.escaped-variable", differs=(site.CONF,))
def backslash_before_the_host(lab: Lab) -> None:
    r"""`Host \$host` of a here-document, after a thread about ttyd behind nginx: this application
    does not mind."""
    lab.change(HOST, HOST.replace("$http_host", r"\$http_host"))


@healthy()
def dollar_at_the_end_of_an_expression(lab: Lab) -> None:
    r"""`\$` is a dollar sign in a regular expression."""
    rule = "    rewrite ^/old/(.*)\\$ /$1 break;\n"
    lab.change(HOST, rule + HOST)
