"""The edit where Apache compares its application's certificate with the visitor's name, which it
sends on as Host (`ProxyPreserveHost On`), and the certificate is for the application's own name."""

import re

from checks.server import ServerView, indentation, line_edit, line_text, reload_steps
from diagnose.model import Applicability, Fix
from diagnose.model.addresses import is_local_host
from diagnose.model.dns import is_local_name
from diagnose.model.frozen import frozen
from diagnose.model.web_servers import SiteRoute
from diagnose.parsers.urls import is_internal_host
from diagnose.parsers.web_sites import is_within

_KEPT = re.compile(r"(?i)(\s*ProxyPreserveHost\s+)On\s*")


@frozen(eq=False)
class KeptHostFix:
    """`is_check_off` is True if the name is no longer compared; else Apache sends the name of the
    application itself, which it compares then."""

    fix: Fix
    is_check_off: bool


def kept_host_fix(view: ServerView, route: SiteRoute) -> KeptHostFix | None:
    """Return the fix for the only line that keeps the visitor's Host; None if it is not known.

    An application of the own network may need that Host. Without `SSLProxyVerify` anybody may write
    the name into a certificate, so that nothing is lost where it is not compared. A site elsewhere
    knows itself by its own name."""
    site = next((site for site in view.answering_sites if is_within(site, route)), None)
    if site is None:
        return None
    lines = {
        number: line
        for number in range(site.line + 1, site.end)
        if _KEPT.fullmatch(line := line_text(view, site.file, number))
    }
    if len(lines) != 1:
        return None
    number, line = next(iter(lines.items()))
    is_own = (
        is_local_host(route.host)
        or is_internal_host(route.host)
        or is_local_name(route.host.lower())
    )
    is_check_off = is_own and route.verify == "name"
    new = (
        (line, f"{indentation(line)}SSLProxyCheckPeerName off")
        if is_check_off
        else (_KEPT.sub(r"\1Off", line),)
    )
    edit = line_edit(view, site.file, {number: new})
    if edit is None:
        return None
    fix = Fix((edit, *reload_steps(view.server)), Applicability.REVIEW)
    return KeptHostFix(fix, is_check_off)
