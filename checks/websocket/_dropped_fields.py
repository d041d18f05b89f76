"""The lines by which nginx takes a field of the handshake away: `proxy_hide_header`, and
`proxy_set_header` with an empty value; and that by which it sends a value of its own."""

from dataclasses import replace

from checks.nginx import Nginx
from checks.nginx._commands import reload_steps
from checks.nginx._edits import config_edit
from diagnose.model import Applicability, Claim, Fix
from diagnose.model.nginx import Directive
from diagnose.parsers.nginx import edits
from diagnose.parsers.nginx.locations import proxy_pass_of, proxy_set_header_of


def dropping_directive(nginx: Nginx, path: str, field: str) -> Directive | None:
    """Return the line that keeps this field from the application or from the visitor."""
    for match in nginx.location_matches(path):
        if proxy_pass_of(match) is None:
            continue
        request = proxy_set_header_of(match, field)
        if request is not None and request.args[1:] == ("",):
            return request
        for directive in match.directives("proxy_hide_header"):
            if directive.args and directive.args[0].lower() == field.lower():
                return directive
    return None


def replacing_directive(nginx: Nginx, path: str, field: str) -> Directive | None:
    """Return the line that sends the application a fixed value in place of the visitor's."""
    for match in nginx.location_matches(path):
        line = proxy_set_header_of(match, field) if proxy_pass_of(match) is not None else None
        if line is not None and len(line.args) == 2 and line.args[1] and "$" not in line.args[1]:
            return line
    return None


def with_removal(nginx: Nginx, base_claim: Claim, directive: Directive) -> Claim:
    """Return the claim at this line, with a fix that removes it if its file can be changed."""
    located = replace(
        base_claim,
        because=(*base_claim.because, *nginx.configs),
        location=nginx.location(directive),
    )
    file = nginx.file(directive)
    change = edits.remove_directive(file.text, directive) if file else None
    edit = config_edit(nginx, directive.file, change) if change else None
    if edit is None:
        return located
    return replace(located, fix=Fix((edit, *reload_steps(nginx)), Applicability.AUTOMATIC))
