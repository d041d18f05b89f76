"""A login that nginx asks another program for (auth_request) refuses the preflight, which never
carries a cookie (Fetch standard, "CORS-preflight fetch"). The edit lets preflights alone pass
without it: what they ask for stays behind the login. A password is nginx.method-denied's."""

from checks.nginx import Nginx
from checks.nginx._edits import config_edits
from checks.nginx._location_edits import location_fix
from diagnose.model import Fix
from diagnose.model.http import Exchange
from diagnose.model.nginx import Directive
from diagnose.parsers.http import proxy_page
from diagnose.parsers.nginx import edits
from diagnose.parsers.nginx.locations import proxy_pass_of

#: A subrequest has the fields of the visitor's request, and $request_method is that of the main
#: one (ngx_http_variables.c, ngx_http_variable_request_method).
_PASSING = [
    'set $preflight "$request_method:$http_access_control_request_method";',
    'if ($preflight ~ "^OPTIONS:.") {',
    "    return 204;",
    "}",
]


def login_preflight_fix(nginx: Nginx, page: Exchange) -> Fix | None:
    """Return the fix with which nginx asks no preflight for its login; None where an application
    refuses it, or where the lines need a person. An application has to answer the preflight: nginx
    would refuse it with 405 for a file."""
    matches = list(nginx.location_matches(nginx.evidence.target.path_without_query))
    is_one = len({match.block for match in matches}) == 1
    if page.method != "OPTIONS" or page.status != 401 or not is_one or not proxy_page(page.body):
        return None
    asking = matches[0].directive("auth_request")
    if proxy_pass_of(matches[0]) is None or asking is None or asking.args[:1] == ("off",):
        return None
    return _without_question(nginx, asking)


def _without_question(nginx: Nginx, asking: Directive) -> Fix | None:
    """Answer the question itself for a preflight, in the location that asks the program."""
    uri = asking.args[0] if len(asking.args) == 1 else ""
    matches = list(nginx.location_matches(uri)) if uri.startswith("/") and "$" not in uri else []
    if len({match.block for match in matches}) != 1 or matches[0].block.name != "location":
        return None
    match = matches[0]
    file = nginx.file(match.block)
    own = {line.name for line in match.block.block or ()}
    if file is None or not own.isdisjoint({"if", "set", "rewrite"}):
        return None
    change = edits.insert_first(file.text, match.block, _PASSING)
    file_edits = config_edits(nginx, {file.path: [change]})
    return location_fix(nginx, match, file_edits, sure=False) if file_edits else None
