"""What lets the server in front tell the application of a WebSocket the visitor's Host, scheme or
port, or keep the visitor's Origin."""

from dataclasses import replace

from checks.http._forwarded_scheme import server_fix
from checks.nginx import Nginx
from checks.nginx._forwarded_ports import port_fix
from checks.nginx._sent_origins import origin_line
from checks.server._changed_fields import changed_origin
from diagnose.model import Claim, Evidence, Manual


def with_server_fix(evidence: Evidence, base_claim: Claim, path: str, is_scheme: bool) -> Claim:
    """Let another server than nginx tell the application the visitor's scheme or Host, or keep the
    visitor's Origin. It may refuse for another reason: a person looks at it."""
    if line := origin_line(Nginx.of(evidence), path):
        facts = {**base_claim.facts, "changed": line.text, "changed_place": line.place}
        return replace(
            base_claim, facts=facts, fix=line.fix or base_claim.fix, location=line.location
        )
    if changed := changed_origin(evidence, path):
        facts = {**base_claim.facts, "changed": changed.text, "changed_place": changed.place}
        return replace(base_claim, facts=facts, fix=changed.fix or base_claim.fix)
    fields = ("X-Forwarded-Proto", "Host") if is_scheme else ("Host",)
    fix = server_fix(evidence, path, *fields, websocket=True)
    return replace(base_claim, fix=fix) if fix else base_claim


def with_port(evidence: Evidence, base_claim: Claim, path: str) -> Claim:
    """Let the server in front tell the application the port at which visitors come."""
    fix = port_fix(Nginx.of(evidence), path)
    fix = fix or server_fix(evidence, path, "X-Forwarded-Port", websocket=True)
    return replace(base_claim, fix=fix) if fix else base_claim


def with_own_line(evidence: Evidence, base_claim: Claim) -> Claim:
    """Add the site's origin to the list of the application's own settings or source, if that was
    read, and no line of the server in front is known to help."""
    # Imported late: few programs have a list that can be read.
    from checks.upstream._own_remedy import own_remedy

    if base_claim.fix is None or not all(isinstance(step, Manual) for step in base_claim.fix.steps):
        return base_claim
    remedies = (own_remedy(evidence, "websocket_origin"), own_remedy(evidence, "allowed_origin"))
    remedy = next((each for each in remedies if each and not each.facts["its_documented"]), None)
    if remedy is None:
        return base_claim
    return replace(base_claim, fix=remedy.fix, facts={**base_claim.facts, **remedy.facts})
