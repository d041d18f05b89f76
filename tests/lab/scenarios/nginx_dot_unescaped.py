"""Scenarios of nginx.dot-unescaped."""

from .. import site
from ..lab import Lab
from ..scenario import healthy, scenario

TIMEOUT = "  ssl_session_timeout 5m;\n"
LOGIN = f"https://{site.NAME}/about"


def _hidden(lab: Lab, expression: str) -> None:
    block = f"  location ~ {expression} {{\n    deny all;\n  }}\n"
    lab.change(TIMEOUT, TIMEOUT + block)


@scenario(
    outside=None, server="nginx.dot-unescaped", target=LOGIN, differs=(site.CONF,),
)  # fmt: skip
def dot_of_hidden_files_means_every_character(lab: Lab) -> None:
    """`location ~ /.` closes all that has a name."""
    _hidden(lab, "/.(?!well-known)")


@healthy()
def dot_of_hidden_files_is_escaped(lab: Lab) -> None:
    _hidden(lab, "/\\.(?!well-known)")
