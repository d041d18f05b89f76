"""The line of a proxy that takes the visitor's cookie or Authorization away from a handshake: the
application cannot know who it is, and closes the WebSocket."""

import re
from dataclasses import replace

from checks.nginx import Nginx, file_line
from checks.websocket._dropped_fields import dropping_directive, with_removal
from diagnose.model import Applicability, Claim, Evidence, Fix
from diagnose.model.frozen import frozen
from diagnose.model.nginx import Directive

_FIELDS = ("Cookie", "Authorization")
#: Lines of Caddy, Apache and HAProxy that take a field away.
_TAKES_AWAY = re.compile(
    r"(?i)^\s*(?:header_up\s+-|RequestHeader\s+unset\s|http-request\s+del-header\s)"
)


@frozen(eq=False)
class DroppedCredentials:
    """The field and the line, with its place. `directive` is nginx's, `fix` that of another
    server."""

    field: str
    text: str
    place: str
    directive: Directive | None = None
    fix: Fix | None = None

    def located(self, nginx: Nginx, base_claim: Claim) -> Claim:
        """Return the claim with the fix that takes the line away. What stands behind the proxy gets
        the visitors' logins then, so somebody has to look."""
        if self.directive is None:
            return replace(base_claim, fix=self.fix) if self.fix else base_claim
        removed = with_removal(nginx, base_claim, self.directive)
        if removed.fix is None or removed.fix.applicability is not Applicability.AUTOMATIC:
            return removed
        return replace(removed, fix=replace(removed.fix, applicability=Applicability.REVIEW))


def dropped_credentials(nginx: Nginx, path: str) -> DroppedCredentials | None:
    """Return the line that takes them away at a path; None without one."""
    for field in _FIELDS:
        directive = dropping_directive(nginx, path, field)
        if directive is not None and directive.name == "proxy_set_header":
            text = f'proxy_set_header {field} "";'
            return DroppedCredentials(field, text, file_line(directive), directive)
    return _of_other_server(nginx.evidence, path)


def _of_other_server(evidence: Evidence, path: str) -> DroppedCredentials | None:
    # Imported late: few sites have this fault.
    from checks.server import reload_steps, server_on_port
    from checks.server._backend_answers import route_to_application
    from checks.server._changed_fields import changed_field, without_line

    view, own = server_on_port(evidence), path.partition("?")[0]
    route = route_to_application(view, own, True) if view else None
    field = changed_field(view, route, own) if view and route else None
    name = next((each for each in _FIELDS if field and field.name.lower() == each.lower()), "")
    if view is None or field is None or not name or not _TAKES_AWAY.match(field.text):
        return None
    edit = without_line(view, field)
    fix = Fix((edit, *reload_steps(view.server)), Applicability.REVIEW) if edit else None
    return DroppedCredentials(name, field.text, field.place, fix=fix)
