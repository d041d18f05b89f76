"""The edit that lets visitors reach the application of a site through a `<Proxy *>` of the whole
server that denies everything."""

import re

from checks.server import ServerView, indentation, line_edit, line_text
from checks.server._backend_answers import route_to_application
from diagnose.model import Edit
from diagnose.model.addresses import bracketed
from diagnose.model.server_rules import AnsweringRule

_ALL = re.compile(r"(?i)<Proxy\s+\"?\*\"?\s*>")
_DENIAL = re.compile(r"(?i)(?:Require\s+all\s+denied|Deny\s+from\s+all)\b")
#: A forward proxy: what its section denies was denied on purpose.
_FORWARD = re.compile(r"(?im)^[ \t]*ProxyRequests[ \t]+On\b")


def proxy_section_edit(view: ServerView, rule: AnsweringRule) -> Edit | None:
    """Return the edit that writes a section for the application of the rule's path alone above the
    line that passes requests on: later sections count (mod_proxy, "<Proxy>"). None for another
    rule, and where Apache is a forward proxy too."""
    files = view.config.files if view.config else ()
    if not _ALL.fullmatch(rule.condition.strip()) or not _DENIAL.match(rule.rule):
        return None
    route = route_to_application(view, rule.path, rule.websocket)
    if route is None or any(_FORWARD.search(file.text) for file in files):
        return None
    line = line_text(view, route.file, route.line)
    if not re.match(r"(?i)\s*ProxyPass\s", line) or route.scheme not in {"http", "https"}:
        return None
    port = f":{route.port}" if route.port else ""
    address = f"{route.scheme}://{bracketed(route.host)}{port}/*"
    indent = indentation(line)
    section = (f'<Proxy "{address}">', *_granted(rule.rule), "</Proxy>")
    return line_edit(view, route.file, {route.line: (*(f"{indent}{row}" for row in section), line)})


def _granted(denial: str) -> tuple[str, ...]:
    """Return the lines that lift a denial: the old ones are lifted by the old ones alone
    (mod_access_compat)."""
    is_new = denial.lower().startswith("require")
    return (
        ("    Require all granted",) if is_new else ("    Order deny,allow", "    Allow from all")
    )
