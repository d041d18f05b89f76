"""Scenarios of nginx.hsts-of-parent."""

from .. import site
from ..lab import SERVER, Lab
from ..scenario import healthy, scenario

DOCS = f"docs.{site.NAME}"
TARGET = f"http://{DOCS}/"
FIELD = 'add_header Strict-Transport-Security "max-age=31536000%s" always;'
PLAIN = f"""\
server {{
  listen 80;
  server_name {DOCS};
  location / {{
    default_type text/html;
    return 200 "<!doctype html><title>Docs</title><p>Docs</p>";
  }}
}}
"""


def _docs(lab: Lab, covered: str) -> None:
    lab.router.write("/run/names", f"{SERVER} {site.NAME}\n{SERVER} {DOCS}\n")
    lab.names.restart()
    lab.edit("  ssl_session_timeout 5m;\n", f"  {FIELD % covered}\n")
    lab.configure(f"{lab.server.read(site.CONF)}{PLAIN}")


@scenario(
    outside=None,
    server="nginx.hsts-of-parent",
    target=TARGET,
    differs=(site.CONF,),
)
def sub_domain_without_tls_below_hsts(lab: Lab) -> None:
    """After https://github.com/EFForg/https-everywhere/issues/12668."""
    _docs(lab, "; includeSubDomains")


@healthy(target=TARGET)
def sub_domain_without_tls_beside_hsts(lab: Lab) -> None:
    _docs(lab, "")
