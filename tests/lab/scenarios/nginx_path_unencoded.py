"""Scenarios of nginx.path-unencoded: `$uri` in proxy_pass, and a path with an encoded space."""

from .. import site
from ..lab import Lab
from ..scenario import healthy, scenario

FILE = f"https://{site.NAME}/files/a%20b"


def _serve(lab: Lab, uri: str) -> None:
    lab.spawn(lab.server, lab.server.application("paths_server", "3001", "/files/a%20b:json"), 3001)
    location = f"  location /files/ {{\n    proxy_pass http://127.0.0.1:3001{uri};\n  }}\n\n"
    lab.change("  location / {\n    proxy_pass", f"{location}  location / {{\n    proxy_pass")


@scenario(outside=None, server="nginx.path-unencoded", target=FILE, differs=(site.CONF,))
def path_with_a_space_is_passed_on_decoded(lab: Lab) -> None:
    _serve(lab, "$uri")


@healthy(target=FILE)
def path_with_a_space_is_passed_on_as_it_is(lab: Lab) -> None:
    _serve(lab, "")
