"""What a preflight asks for, and which web server may answer it in the application's place (Fetch
standard, "CORS-preflight fetch"). The lines by which it does are in `_preflight_answers`."""

import re
from collections.abc import Mapping

from checks.http import exchanges_by_purpose
from diagnose.model import Evidence, Manual, Where
from diagnose.model.http import Exchange
from diagnose.parsers.cors_messages import TWICE
from diagnose.parsers.cross_origin_answers import permits
from diagnose.parsers.http import proxy_page
from diagnose.parsers.request_fields import shown_origin, shown_preflight_fields

#: A path that may stand in a line as it is.
_PLAIN_PATH = re.compile(r"/[\w./-]{0,200}")
_PRODUCTS = ("nginx", "apache", "caddy", "haproxy")


def takes_other_methods(evidence: Evidence, page: Exchange) -> bool:
    """Return whether the address may take other requests than the GET that it refuses: the
    preflight of the page that asks is permitted."""
    origin = shown_origin(page.equivalent)
    if not origin or page.method != "GET" or page.status not in {404, 405}:
        return False
    return any(
        200 <= (answer.status or 0) < 300 and permits(answer.headers, origin)
        for answer in exchanges_by_purpose(evidence, "cross-origin")
        if answer.method == "OPTIONS"
    )


def is_reported_twice(evidence: Evidence) -> bool:
    """Return whether the pasted message is about a field that comes twice: that an error has none
    is another matter."""
    symptom = evidence.target.symptom
    return symptom is not None and bool(TWICE.search(symptom.text))


def preflight_facts(evidence: Evidence, page: Exchange) -> Mapping[str, object]:
    """Return the facts of the step `answer-options`: the web server that passes the page's request
    on, the path, and the header fields for which the preflight asked."""
    product = _product(evidence, page)
    path = page.url.partition("://")[2].partition("/")[2].partition("?")[0]
    return {
        "path": f"/{path}" if _PLAIN_PATH.fullmatch(f"/{path}") else "/",
        "asked": shown_preflight_fields(page.equivalent),
        **{name: name == product for name in _PRODUCTS},
    }


def preflight_steps(evidence: Evidence, page: Exchange) -> tuple[Manual, ...]:
    """Return the step with the lines of that web server; () where it is not known, or refuses the
    preflight itself."""
    known = _product(evidence, page) and not proxy_page(page.body)
    return (Manual("answer-options", Where.SERVER),) if known else ()


def _product(evidence: Evidence, page: Exchange) -> str:
    from checks.nginx import Nginx
    from checks.server import server_on_port

    if view := server_on_port(evidence):
        return view.server.product if view.server.product in _PRODUCTS else ""
    nginx = Nginx.of(evidence)
    name = (page.header("Server") or "").lower()
    if nginx.master and nginx.answering_servers():
        return "nginx"
    return next((product for product in _PRODUCTS if name.startswith(product)), "")
