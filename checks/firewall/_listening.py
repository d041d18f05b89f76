"""Ports that nothing uses: opening them would not help."""

from collections.abc import Iterable

from checks.firewall._nat import dnat_targets
from diagnose.model import Applicability, Evidence, Fix, Manual, Where
from diagnose.model.server import Listeners

#: The fix if nothing listens on the port: opening it would not help.
NOTHING_LISTENS = Fix((Manual("nothing-listens", Where.SERVER),), Applicability.MANUAL)


def nothing_listens(evidence: Evidence, ports: Iterable[int]) -> bool:
    """Return whether nothing listens on the target's port and no rule forwards it.

    False if the port is not among `ports`, or if the list of listeners was not read.
    """
    port, listener_lists = evidence.target.port, evidence.good(Listeners)
    if (
        port not in ports
        or not listener_lists
        or any(listener for listeners in listener_lists for listener in listeners.on(port))
    ):
        return False
    return not dnat_targets(evidence, port)
