"""Scenarios of http.redirect-named: a person's words name the redirect, and the run gets it.

After https://serverfault.com/questions/562425/nginx-unwanted-location-redirect-with-trailing-slash.
"""

from .. import site
from ..lab import Lab
from ..scenario import healthy, scenario

URL = f"https://{site.NAME}/pass"
WORDS = (f"nginx is automatically adding a slash to {URL} and redirects it to {URL}/ with 301",)
SLASHED = "  location /pass/ {\n    proxy_pass http://127.0.0.1:3000/;\n  }\n\n"


def _add(lab: Lab, lines: str) -> None:
    lab.change("  location / {\n    proxy_pass", f"{lines}  location / {{\n    proxy_pass")


@scenario(outside=None, server="http.redirect-named", target=URL, args=WORDS, differs=(site.CONF,))
def nginx_adds_the_slash_of_a_location_that_passes_on(lab: Lab) -> None:
    _add(lab, SLASHED)


@scenario(
    outside=None, server="http.redirect-named", target=URL, args=WORDS,
    manual="where the line shall lead, its owner knows",
)  # fmt: skip
def line_redirects_to_the_slash(lab: Lab) -> None:
    _add(lab, f"  location = /pass {{\n    return 301 {URL}/;\n  }}\n\n")


@healthy(target=URL)
def nginx_adds_the_slash_and_nobody_minds(lab: Lab) -> None:
    _add(lab, SLASHED)


@healthy(target=URL, args=WORDS)
def path_without_the_slash_has_a_location_of_its_own(lab: Lab) -> None:
    _add(lab, f"{SLASHED}  location = /pass {{\n    proxy_pass http://127.0.0.1:3000/;\n  }}\n\n")
