"""The proxy does not pass on the upgrade to another protocol than WebSocket, as clients of
Tailscale ask for it at /ts2021 of Headscale (`Upgrade: tailscale-control-protocol`). The field
belongs to one connection (RFC 9110 section 7.8), and a proxy passes it on only if it is told so.

The proof is the comparison: the application changes the protocol, and the site's answer is an
error.
"""

from collections.abc import Iterator

from checks.nginx import Nginx, _location_edits, file_line
from checks.server import line_edit, line_text, place_text, reload_steps, server_on_port
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Evidence, Fix, Manual, Severity, Subject, Where
from diagnose.model.backends import UpgradeTrial
from diagnose.parsers.nginx.forwarding import upgrade_forwarding
from diagnose.parsers.nginx.locations import LocationMatch, proxy_pass_of
from diagnose.parsers.web_sites import routes_of_name


@check(
    severity=Severity.ERROR,
    needs=[UpgradeTrial],
    explains=[
        "nginx.other-requests-failed",
        "nginx.own-answer",
        "server.application-answers",
        "server.other-requests-failed",
        "server.own-answer",
        "upstream.application-log",
        "upstream.own-answer",
        "websocket.upgrade-headers-missing",
    ],
)
def upgrade_lost(evidence: Evidence) -> Iterator[Claim]:
    for trial in evidence.good(UpgradeTrial):
        if not trial.is_lost:
            continue
        place, product, fix = _repair(evidence, trial.path)
        if not place:
            continue
        port = evidence.target.port
        yield Claim(
            about=Subject(port=port, path=trial.path),
            covers=(
                Subject(port=port, path=trial.path),
                Subject(port=port, path=evidence.target.path_without_query),
            ),
            because=(trial,),
            ruled_out=("upstream.refused",),
            facts={
                "path": trial.path,
                "method": trial.method,
                "protocol": trial.protocol,
                "status": trial.status,
                "application": trial.application,
                "place": place,
                "product": product,
                "apache": product == "Apache",
                "nginx": product == "nginx",
                "url": f"{evidence.target.origin}{trial.path}",
            },
            fix=fix or Fix((Manual("pass-the-upgrade-on", Where.SERVER),), Applicability.MANUAL),
        )


def _repair(evidence: Evidence, path: str) -> tuple[str, str, Fix | None]:
    """Return where the path is passed on, by which server, and the edit."""
    view = server_on_port(evidence)
    if view is not None and view.config is not None:
        target = evidence.target
        for route in routes_of_name(view.config, target.port, target.host, path, False):
            place = place_text(route.file, route.line)
            if view.server.product != "apache":
                return place, view.server.product, None
            line = line_text(view, route.file, route.line)
            words = line.split()
            is_plain = words[:1] == ["ProxyPass"] and "upgrade=" not in line
            changed = {route.line: (f"{line.rstrip()} upgrade=ANY",)}
            edit = line_edit(view, route.file, changed) if is_plain else None
            if edit is None:
                return place, "Apache", None
            return place, "Apache", Fix((edit, *reload_steps(view.server)), Applicability.REVIEW)
        return "", "", None
    nginx = Nginx.of(evidence)
    for match in nginx.location_matches(path):
        if (passing := proxy_pass_of(match)) is not None:
            return file_line(passing), "nginx", _nginx_fix(nginx, match)
    return "", "", None


def _nginx_fix(nginx: Nginx, match: LocationMatch) -> Fix | None:
    """Add the two fields. None where the location has them for WebSocket alone."""
    if all(upgrade_forwarding(match)):
        return None
    file_edits = _location_edits.websocket_edits(nginx, match)
    return _location_edits.location_fix(nginx, match, file_edits) if file_edits else None
