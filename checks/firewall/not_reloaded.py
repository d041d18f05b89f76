"""`firewall-cmd --permanent` changes files only: it prints "success", and nothing happens until
`--reload` (firewall-cmd(1))."""

from collections.abc import Iterator

from checks.firewall import EXPLAINS
from checks.firewall._firewalld import FirewalldView, firewalld_view
from checks.firewall._firewalld_claims import claim
from checks.firewall._firewalld_fixes import opening_commands
from checks.firewall._refusals import Refusal, refusals
from diagnose.checking.registry import check
from diagnose.model import Claim, Command, Evidence, Fix, Severity, firewall_commands
from diagnose.model.firewall import Firewalld, Zone


@check(severity=Severity.ERROR, needs=[Firewalld, Zone], explains=EXPLAINS)
def not_reloaded(evidence: Evidence) -> Iterator[Claim]:
    firewalld = firewalld_view(evidence)
    for refusal in refusals(firewalld, "not-reloaded"):
        # A reload removes everything that was opened for now only, and opens everything that is in
        # the files.
        has_side_effects = firewalld.reload_has_side_effects(refusal.ports)
        runtime_commands = _runtime_commands(firewalld, refusal)
        reload_command = firewall_commands.reload_firewalld(runtime_commands[0].undo)
        steps = runtime_commands if has_side_effects else (reload_command,)
        reload_zone = refusal.after_reload.zone_match.zone.name if refusal.after_reload else ""
        policy = refusal.runtime.policy
        yield claim(
            refusal,
            firewalld,
            Fix(steps),
            loses=has_side_effects,
            later=reload_zone,
            policy=policy.name if policy else "",
        )


def _runtime_commands(firewalld: FirewalldView, refusal: Refusal) -> tuple[Command, ...]:
    """Return the commands that open the ports in the running firewall only."""
    policy = refusal.runtime.policy
    scope_option = f"--policy={policy.name}" if policy else f"--zone={refusal.zone.name}"
    return opening_commands(firewalld, scope_option, refusal.ports)[:1]
