"""A rule against hidden files takes what an application has below /.well-known/ (RFC 8615)."""

from .. import site
from ..lab import Lab
from ..scenario import healthy, scenario

TIMEOUT = "  ssl_session_timeout 5m;\n"
KEYS = f"https://{site.NAME}/.well-known/jwks.json"
FAILS = "/.well-known/jwks.json returns 404 Not Found although the application has its route"


def _hidden(lab: Lab, expression: str) -> None:
    block = f"  location ~ {expression} {{\n    deny all;\n    return 404;\n  }}\n"
    lab.change(TIMEOUT, TIMEOUT + block)


@scenario(
    outside=None, server="nginx.well-known-hidden", target=KEYS, args=(FAILS,),
    unsure=("client",), differs=(site.CONF,),
)  # fmt: skip
def keys_of_an_application_are_hidden(lab: Lab) -> None:
    """An image for PHP has `location ~ /\\.` for all sites."""
    _hidden(lab, "/\\.")


@healthy(target=KEYS, args=(FAILS,))
def keys_of_an_application_are_let_out(lab: Lab) -> None:
    _hidden(lab, "/\\.(?!well-known/)")
