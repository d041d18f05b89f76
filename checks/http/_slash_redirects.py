"""The redirect to the address with the slash, by a web server other than nginx."""

import re

from checks.server import line_edit, line_text, reload_steps, server_on_port
from checks.server._apache_modules import loading_steps
from diagnose.model import Applicability, Evidence, Fix
from diagnose.model.http import Exchange

#: The names of servers in the field Server (RFC 9110 section 10.2.4).
_PRODUCTS = ("apache", "caddy", "haproxy", "nginx")
#: Paths that a regular expression may hold as they are.
_PLAIN = re.compile(r"/[A-Za-z0-9/_-]{1,200}")


def product_of(evidence: Evidence) -> str:
    """Return the product that answers visitors, in small letters; "" if that is not known."""
    view = server_on_port(evidence)
    if view is not None:
        return view.server.product
    pages = [page for page in evidence.good(Exchange) if page.is_page_of(evidence.target)]
    name = (pages[0].header("Server") or "").lower() if pages else ""
    return next((product for product in _PRODUCTS if name.startswith(product)), "")


def apache_slash_fix(evidence: Evidence, prefix: str) -> Fix | None:
    """Return the edit with which Apache redirects a path to the one with the slash; None for
    another server, or if a person has to write it. Rules of mod_rewrite count before ProxyPass,
    and those of mod_alias after it."""
    view = server_on_port(evidence)
    sites = view.answering_sites if view and view.server.product == "apache" else ()
    if view is None or len(sites) != 1 or not _PLAIN.fullmatch(prefix):
        return None
    head = line_text(view, sites[0].file, sites[0].line)
    if not head.strip().lower().startswith("<virtualhost"):
        return None
    margin = f"{head[: len(head) - len(head.lstrip())]}    "
    rules = ("RewriteEngine On", f"RewriteRule ^{prefix}$ {prefix}/ [R=301,L]")
    lines = (head, *(f"{margin}{rule}" for rule in rules))
    edit = line_edit(view, sites[0].file, {sites[0].line: lines})
    enable = loading_steps(view, ("rewrite",))
    if edit is None or enable is None:
        return None
    return Fix((*enable, edit, *reload_steps(view.server)), Applicability.REVIEW)
