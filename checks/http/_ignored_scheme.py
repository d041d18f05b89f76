"""An application that redirects to http although it is told X-Forwarded-Proto: https."""

import re

from diagnose.model import Evidence
from diagnose.model.http import Exchange
from diagnose.model.requests import ComparedRequest
from diagnose.model.server import Listeners
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.locations import LocationMatch, proxy_pass_of
from diagnose.parsers.nginx.proxied_request import SCHEME_FIELD
from diagnose.parsers.upstream_answers import reproduces

#: Kinds of programs by the name of the process: each has its own settings.
_FAMILIES = {
    "java": "java", "node": "node", "MainThread": "node",
    "python": "python", "gunicorn": "python", "uvicorn": "python", "uwsgi": "python",
    "ruby": "ruby", "puma": "ruby", "dotnet": "dotnet",
}  # fmt: skip

#: A name or address with its port, as it may stand in a line of nginx.
_AUTHORITY = re.compile(r"http://([A-Za-z0-9.-]{1,253}(?::\d{1,5})?)(?=[/?#]|$)")


def answer_to_https(evidence: Evidence, step: Exchange) -> ComparedRequest | None:
    """Return the answer of the application, asked directly with X-Forwarded-Proto: https; None if
    it was not asked, or if it does not answer as visitors are answered without the field."""
    requests = evidence.of(ComparedRequest)
    as_nginx = [request for request in requests if request.part == "none"]
    scheme_requests = [
        request for request in requests if request.name == SCHEME_FIELD and request.value == "https"
    ]
    if not as_nginx or not scheme_requests or not reproduces(as_nginx[0], step):
        return None
    return None if scheme_requests[0].failure else scheme_requests[0]


def program_family(evidence: Evidence, answer: ComparedRequest) -> str:
    """Return the kind of program that holds the application's port; "" if that is not known."""
    holders = {
        socket.process or ""
        for listeners in evidence.good(Listeners)
        for socket in listeners.on(answer.port)
    }
    families = {_FAMILIES.get(re.split(r"[\d.:]", holder)[0], "") for holder in holders}
    return families.pop() if len(families) == 1 else ""


def family_facts(evidence: Evidence, answer: ComparedRequest) -> dict[str, object]:
    """Return the fact that says whose settings the explanation names."""
    return {f"family_{program_family(evidence, answer) or 'other'}": True}


def rewriting_lines(match: LocationMatch, onward: str) -> list[str]:
    """Return the lines of a location that write https into the redirects of its application to the
    site at `onward`; [] if it has such lines of its own, which a person knows.

    A line of its own takes the place of the default, which needs a proxy_pass without variables
    (ngx_http_proxy_module, "proxy_redirect").
    """
    authority = _AUTHORITY.match(onward)
    if authority is None or match.directives("proxy_redirect"):
        return []
    directive = proxy_pass_of(match)
    has_default = (
        directive is not None
        and directive in children(match.block, "proxy_pass")
        and match.block.name == "location"
        and not match.block.args[0].startswith("~")
        and "$" not in "".join(directive.args)
    )
    name = authority[1]
    secure = name.removesuffix(":80")
    lines = [f"proxy_redirect http://{name}/ https://{secure}/;"]
    return ["proxy_redirect default;", *lines] if has_default else lines
