"""Scenarios of http.policy-misspelt.

After issue 145 of mozilla/send ("Couldn't process unknown directive 'default-src:'").
"""

from .. import site
from ..lab import Lab
from ..scenario import healthy, scenario
from .page_assets import FOLDER, SHOP, _serve

TOLD = ("Content Security Policy: Couldn’t process unknown directive ‘default-src:’",)


def _policy(lab: Lab, policy: str) -> None:
    line = f'  add_header Content-Security-Policy "{policy}";\n'
    files = {"index.html": SHOP, "static/css/app.css": "a { color: red }\n"}
    _serve(lab, f"  root {FOLDER};\n{line}  location /static/ {{ }}\n", **files)


@scenario(outside="http.policy-misspelt", args=TOLD, differs=(site.CONF,))
def policy_has_a_colon_behind_a_name(lab: Lab) -> None:
    _policy(lab, "default-src: 'self'; img-src *")


@healthy(args=TOLD)
def policy_has_no_colon(lab: Lab) -> None:
    _policy(lab, "default-src 'self'; img-src *")


@scenario(outside="http.policy-misspelt", differs=(site.CONF,))
def policy_names_the_site_without_quotes(lab: Lab) -> None:
    _policy(lab, "default-src self")


@healthy()
def policy_names_an_own_directive(lab: Lab) -> None:
    """A directive that no browser knows, and that nobody misses."""
    _policy(lab, "default-src 'self'; x-own-src self")
