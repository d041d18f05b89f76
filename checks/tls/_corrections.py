"""Where the line stands that decides what TLS allows, and what corrects it: a line of nginx's, or
one of the other web server that answers."""

from checks.server._tls_settings import Purpose, tls_change
from checks.tls._nginx_settings import TargetSettings
from diagnose.model import Applicability, Evidence, Fix, Location, Manual, Where
from diagnose.model.frozen import frozen


@frozen(eq=False)
class Correction:
    """The place of the line as "file:line", "" if it is not known, and the fix."""

    place: str
    location: Location | None
    fix: Fix


def correction(
    evidence: Evidence,
    settings: TargetSettings | None,
    nginx_fix: Fix | None,
    purpose: Purpose | None,
    step: str,
) -> Correction:
    """Return nginx's own fix if there is one, else the change of another web server's line for this
    purpose, else the step that a person takes."""
    if settings and nginx_fix:
        return Correction(settings.file_line, settings.location, nginx_fix)
    change = tls_change(evidence, purpose) if purpose else None
    if change:
        return Correction(change.place, change.location, change.fix)
    return Correction("", None, Fix((Manual(step, Where.SERVER),), Applicability.MANUAL))
