"""The unit of Caddy has a line User=, and the certificate is certbot's, after
https://github.com/certbot/certbot/issues/5257."""

from .. import caddy, certificates
from ..lab import Lab
from .caddy import caddy_scenario
from .nginx_files import LIVE, of_certbot

UNIT = """\
[Service]
User=www-data
Group=www-data
ExecStart=/usr/bin/caddy run --environ --config /etc/caddy/Caddyfile
AmbientCapabilities=CAP_NET_ADMIN CAP_NET_BIND_SERVICE
"""
CHANGES = ("listeners", "processes")


def _stopped(lab: Lab, folder: int, key: int, group: str = "root", more: str = "") -> None:
    """Caddy is stopped, and its files are certbot's with these permissions."""
    site = caddy.SHOP.replace(caddy.PEM, f"{LIVE}/fullchain.pem")
    caddy.install(lab, site.replace(caddy.KEY, f"{LIVE}/privkey.pem"))
    of_certbot(lab, certificates.good())
    unit = "/etc/systemd/system/caddy.service"
    lab.server.write(unit, UNIT + more)
    lab.undo(lambda: lab.server.sh(f"rm -f {unit}"))
    # Without an authority of its own it needs no folder of this user's.
    lab.edit("\tskip_install_trust\n", "", caddy.CONFIG)
    lab.server.sh(
        f"chmod {folder:o} /etc/letsencrypt/live /etc/letsencrypt/archive\n"
        f"chmod {key:o} /etc/letsencrypt/archive/*/privkey2.pem\n"
        f"chgrp {group} /etc/letsencrypt/live /etc/letsencrypt/archive /etc/letsencrypt/archive/*/*"
    )


@caddy_scenario(outside="tcp.refused", server="server.certificate-unreadable", differs=CHANGES)
def user_of_caddy_may_not_enter_certbots_folders(lab: Lab) -> None:
    _stopped(lab, 0o700, 0o600)


@caddy_scenario(outside="tcp.refused", server="server.certificate-unreadable", differs=CHANGES)
def user_of_caddy_may_not_read_the_key(lab: Lab) -> None:
    _stopped(lab, 0o755, 0o600)


@caddy_scenario(outside="tcp.refused", server="server.not-running", differs=CHANGES)
def user_of_caddy_may_read_all(lab: Lab) -> None:
    """Its twin: nobody started it."""
    _stopped(lab, 0o750, 0o640, "www-data")


@caddy_scenario(outside="tcp.refused", server="server.not-running", differs=CHANGES)
def user_of_caddy_has_another_group(lab: Lab) -> None:
    """A twin: the unit names the group that may read."""
    _stopped(lab, 0o750, 0o640, "ssl-cert", "SupplementaryGroups=ssl-cert\n")
