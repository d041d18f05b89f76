"""nginx does not start, because its service may not open what root may open. Neither SELinux nor
AppArmor runs in the laboratory: systemd forbids the same to the same process, and nginx says the
same words. After https://github.com/nginx/nginx/issues/816 ("nginx -t" in a shell succeeds) and
https://github.com/binhex/arch-rtorrentvpn/issues/15."""

from ..lab import Lab
from ..scenario import scenario
from .nginx import start_in_vain
from .systemd import UNITS, drop_in

OWN = "what the service may do is a choice"
#: What nginx needs, without the right to pass over the permissions of files.
CAPABILITIES = "CAP_NET_BIND_SERVICE CAP_SETUID CAP_SETGID CAP_CHOWN"


@scenario(outside="tcp.refused", server="nginx.start-denied", manual=OWN, not_on=UNITS)
def log_that_only_its_owner_may_write(lab: Lab) -> None:
    """As a wrong label denies it: nginx is root, and is not above the file's permissions."""
    log = f"{lab.platform.logs}/shop.log"
    lab.server.sh(f"touch {log}; chown 1234:1234 {log}; chmod 600 {log}")
    lab.undo(lambda: lab.server.sh(f"rm -f {log}"))
    lab.edit(
        "  server_name shop.example.com;\n\n",
        f"  server_name shop.example.com;\n  access_log {log};\n\n",
    )
    drop_in(lab, f"[Service]\nCapabilityBoundingSet={CAPABILITIES}\n")
    start_in_vain(lab)


@scenario(outside="tcp.refused", server="nginx.start-denied", manual=OWN, not_on=UNITS)
def folder_of_the_logs_is_read_only(lab: Lab) -> None:
    """ReadOnlyPaths= in the unit: (30: Read-only file system)."""
    drop_in(lab, f"[Service]\nReadOnlyPaths={lab.platform.logs}\n")
    start_in_vain(lab)
