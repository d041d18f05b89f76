"""The line of a proxy that puts a subprotocol of its own in place of the one that the visitor asks
for: the application answers with it, and browsers close what they did not ask for."""

from dataclasses import replace

from checks.nginx import Nginx, file_line
from checks.nginx._websockets import WebSocketHandshakes
from checks.websocket._dropped_fields import replacing_directive, with_removal
from diagnose.model import Applicability, Claim, Confidence, Evidence, Fix
from diagnose.model.frozen import frozen
from diagnose.model.http import Upgrade
from diagnose.model.nginx import Directive
from diagnose.model.websocket_attempts import Attempt

_FIELD = "Sec-WebSocket-Protocol"


@frozen(eq=False)
class ReplacedSubprotocol:
    """The line and its place; `direct` is the application's own answer to a handshake without a
    subprotocol, which names none. `directive` is nginx's line, `fix` that of another server."""

    text: str
    place: str
    direct: Upgrade | None = None
    directive: Directive | None = None
    fix: Fix | None = None

    @property
    def confidence(self) -> Confidence:
        return Confidence.CERTAIN if self.direct else Confidence.LIKELY

    @property
    def facts(self) -> dict[str, object]:
        direct = self.direct
        return {
            "replaced": self.text,
            "replaced_at": self.place,
            "asked": f"{direct.address}:{direct.port}" if direct else "",
        }

    def located(self, nginx: Nginx, base_claim: Claim) -> Claim:
        """Return the claim with the fix that takes the line away. A client that asks for nothing
        may depend on it, so somebody has to look."""
        because = (*base_claim.because, *((self.direct,) if self.direct else ()))
        base_claim = replace(base_claim, because=because)
        if self.directive is None:
            return replace(base_claim, fix=self.fix) if self.fix else base_claim
        removed = with_removal(nginx, base_claim, self.directive)
        if removed.fix is None or removed.fix.applicability is not Applicability.AUTOMATIC:
            return removed
        return replace(removed, fix=replace(removed.fix, applicability=Applicability.REVIEW))


def replaced_subprotocol(nginx: Nginx, attempt: Attempt) -> ReplacedSubprotocol | None:
    """Return the line that sends the subprotocol which the server chose and nobody asked for."""
    first = attempt.first
    chosen = first.subprotocol
    if first.status != 101 or not chosen or chosen in first.offered:
        return None
    directive = replacing_directive(nginx, attempt.path, _FIELD)
    if directive is not None and chosen in _names(directive.args[1]):
        handshakes = WebSocketHandshakes.at_path(nginx.evidence, attempt.path).direct
        direct = next(
            (
                handshake
                for handshake in handshakes
                if handshake.status == 101 and handshake.subprotocol is None
            ),
            None,
        )
        text = f"proxy_set_header {_FIELD} {directive.args[1]};"
        return ReplacedSubprotocol(text, file_line(directive), direct, directive)
    return _of_other_server(nginx.evidence, attempt.path, chosen)


def _of_other_server(evidence: Evidence, path: str, chosen: str) -> ReplacedSubprotocol | None:
    # Imported late: few sites have this fault.
    from checks.server import reload_steps, server_on_port
    from checks.server._backend_answers import route_to_application
    from checks.server._changed_fields import changed_field, without_line

    view, own = server_on_port(evidence), path.partition("?")[0]
    route = route_to_application(view, own, True) if view else None
    field = changed_field(view, route, own) if view and route else None
    if view is None or field is None or field.name.lower() != _FIELD.lower():
        return None
    if chosen not in _names(field.text.rpartition(field.name)[2]):
        return None
    edit = without_line(view, field)
    fix = Fix((edit, *reload_steps(view.server)), Applicability.REVIEW) if edit else None
    return ReplacedSubprotocol(field.text, field.place, fix=fix)


def _names(value: str) -> list[str]:
    return value.replace('"', " ").replace(",", " ").split()
