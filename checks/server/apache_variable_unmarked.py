"""A RewriteRule that passes requests on has "{REQUEST_URI}" in its target, without "%" before it:
Apache takes it as text, and asks the application for a path of that name (mod_rewrite).
"""

import re
from collections.abc import Iterator

from checks.server import line_edit, line_text, manual_fix, place_text, reload_steps, server_on_port
from checks.server._backend_answers import refused_websockets
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Evidence, Fix, Severity, Subject
from diagnose.model.http import Exchange, Upgrade, error_pages
from diagnose.model.web_servers import WebServer, WebServerConfig

#: A name of mod_rewrite's variables in braces, and nothing before it that makes it one.
_UNMARKED = re.compile(r"(?<![%$])\{([A-Z][A-Z_]{2,40}(?::[\w-]{1,60})?)\}")


@check(
    severity=Severity.ERROR,
    needs=[WebServer, WebServerConfig],
    explains=[
        "server.application-answers",
        "http.server-error",
        "websocket.not-upgraded",
        "websocket.inner-proxy",
    ],
)
def apache_variable_unmarked(evidence: Evidence) -> Iterator[Claim]:
    view, target = server_on_port(evidence), evidence.target
    if view is None or view.config is None:
        return
    visits: list[Exchange | Upgrade] = [*error_pages(evidence)]
    for path in target.websockets:
        visits += refused_websockets(evidence, path)
    routes = dict.fromkeys(
        route
        for site in view.answering_sites
        for route in site.routes
        if route.pattern and _UNMARKED.search(route.target)
    )
    for route in list(routes)[:1] if visits else []:
        names = _UNMARKED.findall(route.target)
        line = line_text(view, route.file, route.line)
        # REQUEST_URI begins with a slash of its own.
        marked = _UNMARKED.sub(r"%{\1}", line).replace("/%{REQUEST_URI}", "%{REQUEST_URI}")
        edit = line_edit(view, route.file, {route.line: (marked,)})
        paths = (target.path, *target.websockets)
        yield Claim(
            about=Subject(port=target.port, path=paths[-1]),
            covers=tuple(Subject(port=target.port, path=path) for path in paths),
            because=(view.config, view.server, *visits),
            facts={
                **view.facts,
                "place": place_text(route.file, route.line),
                "variable": f"{{{names[0]}}}",
                "status": visits[0].status or "",
            },
            fix=Fix((edit, *reload_steps(view.server)), Applicability.AUTOMATIC)
            if edit
            else manual_fix(view, "mark"),
        )
