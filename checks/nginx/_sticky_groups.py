"""Groups of nginx whose servers take turns, and the edit that sends a client to one of them."""

from checks.nginx import Nginx
from checks.nginx._commands import reload_steps
from checks.nginx._edits import config_edit
from diagnose.model import Applicability, Fix, Manual, Where
from diagnose.model.nginx import Directive
from diagnose.parsers.nginx import edits
from diagnose.parsers.nginx.balancing import unsticky_group
from diagnose.parsers.nginx.config import children

#: Balancing methods that do not send a client to the same server again.
_BALANCING_METHODS = ("least_conn", "least_time", "random")


def unsticky_group_of(nginx: Nginx, path: str) -> Directive | None:
    """Return the group of several servers that a path leads to, if nothing sends a client to the
    same server again."""
    groups = map(unsticky_group, nginx.location_matches(path))
    return next(filter(None, groups), None)


def sticky_fix(nginx: Nginx, group: Directive | None, sure: bool) -> Fix:
    """Return a fix that chooses the server by the client's address; by hand ("sticky") if there is
    no group, or if one of its servers is for emergencies."""
    file = nginx.file(group) if group else None
    by_hand = Fix((Manual("sticky", Where.SERVER),), Applicability.MANUAL)
    # nginx.org: "The parameter cannot be used along with the hash, ip_hash, and random … methods."
    if (
        group is None
        or file is None
        or any("backup" in server.args for server in children(group, "server"))
    ):
        return by_hand
    methods = [method for name in _BALANCING_METHODS for method in children(group, name)]
    change = (
        edits.replace_directive(methods[0], "ip_hash;")
        if methods
        else edits.insert_first(file.text, group, ["ip_hash;"])
    )
    edit = config_edit(nginx, file.path, change)
    # With ip_hash all visitors behind one address reach one server, which is wrong behind a CDN.
    # Another balancing method may have been chosen on purpose.
    sure = sure and not methods
    applicability = Applicability.AUTOMATIC if sure else Applicability.REVIEW
    return Fix((edit, *reload_steps(nginx)), applicability) if edit else by_hand
