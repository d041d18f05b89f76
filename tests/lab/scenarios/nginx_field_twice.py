"""Scenarios of nginx.field-twice: nginx itself plays the application, and answers 400 to a request
with two Host fields."""

from .. import site
from ..lab import Lab
from ..scenario import healthy, scenario

PAGES = site.HTTPS[site.HTTPS.index("  location / {") : site.HTTPS.index("  location /ws")]
PARAMS = "/etc/nginx/app_params"
BEHIND = """
server {
  listen 127.0.0.1:3001;
  default_type text/html;

  location / {
    return 200 '<!doctype html><title>Shop</title>';
  }
}
"""


def _shop(lab: Lab, line: str) -> None:
    lab.server.write(PARAMS, "proxy_set_header Host $host;\nproxy_http_version 1.1;\n")
    lab.edit(site.MAP, f"{site.MAP}{BEHIND}")
    passed = f"    include {PARAMS};\n{line}    proxy_pass http://127.0.0.1:3001;\n"
    lab.change(PAGES, f"  location / {{\n{passed}  }}\n\n")


@scenario(outside=None, server="nginx.field-twice", differs=(site.CONF,))
def host_in_an_included_file_and_in_the_location(lab: Lab) -> None:
    _shop(lab, "    proxy_set_header Host $host;\n")


@healthy()
def host_in_an_included_file_alone(lab: Lab) -> None:
    _shop(lab, "")
