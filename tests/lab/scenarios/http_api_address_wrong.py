"""Scenarios of http.api-address-wrong. An inner block of nginx plays the registry."""

from .. import site
from ..lab import Lab
from ..scenario import healthy, scenario

TOLD = "    proxy_set_header X-Forwarded-Proto https;\n"
V2 = f"https://{site.NAME}/v2/"
REGISTRY = """\
server {
  listen 127.0.0.1:3005;
  location / {
    add_header Www-Authenticate 'Bearer realm="$seen://$seen_host/service/token"' always;
    default_type application/json;
    return 401 '{"errors":[{"code":"UNAUTHORIZED"}]}';
  }
}
"""
SEEN = """\
map $http_x_forwarded_proto $seen {
  default http;
  https https;
}
map $http_x_forwarded_host $seen_host {
  default $http_host;
  "~^(?<seen_name>.+):(?<seen_port>\\\\d+)$" $seen_name:$seen_port:$seen_port;
}
"""


def _registry(lab: Lab, lines: str) -> None:
    lab.edit(site.MAP, f"{site.MAP}\n{SEEN}{REGISTRY}")
    block = f"  location /v2/ {{\n    proxy_pass http://127.0.0.1:3005;\n{lines}  }}\n\n"
    lab.change("  location /ws {", f"{block}  location /ws {{")


@scenario(outside="http.api-address-wrong", target=V2, differs=(site.CONF,))
def registry_is_not_told_https(lab: Lab) -> None:
    """ "unknown blob" of docker push, after issue 7258 of Harbor."""
    _registry(lab, "    proxy_set_header Host $http_host;\n")


@scenario(
    outside="http.api-address-wrong", target=V2,
    manual="which name the application wants is its own affair",
)  # fmt: skip
def registry_is_told_the_port_twice(lab: Lab) -> None:
    """X-Forwarded-Host with the port, after issue 611 of Nexus."""
    lines = f"    proxy_set_header Host $http_host;\n{TOLD}"
    _registry(lab, f"{lines}    proxy_set_header X-Forwarded-Host $host:$server_port;\n")


@healthy(target=V2)
def registry_is_told_https(lab: Lab) -> None:
    _registry(lab, f"    proxy_set_header Host $http_host;\n{TOLD}")
