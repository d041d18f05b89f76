"""nginx that another user than root runs, and a `nginx -t` by root in between: it gives the folders
of uploads to the user of the configuration. After an article of just4coding about `nginx -t`."""

import re

from ..hosts import until
from ..lab import Lab
from ..scenario import healthy, scenario
from .resources import LAYOUT, upload

CONF = "/etc/nginx/nginx.conf"
#: What the master opens before it serves.
OPENED = "/var/log/nginx /etc/nginx/ssl /run/nginx.pid"
RIGHT = "+net_bind_service"


def run_by_the_workers_user(lab: Lab) -> None:
    """Without a line `user`, which only root's master heeds."""
    server = lab.server
    lab.stop_nginx()
    conf = server.read(CONF)
    owners = server.sh(
        f"stat -c '%U:%G %n' {OPENED} /etc/nginx/ssl/* /var/log/nginx/*", check=False
    )
    lab.undo(lambda: _give_back(lab, owners))
    server.write(CONF, re.sub(r"(?m)^\s*user\s.*;\n", "", conf))
    server.sh(f"touch /run/nginx.pid; chown -R www-data {OPENED} /var/lib/nginx")
    server.run(
        ["setpriv", "--reuid=www-data", "--regid=www-data", "--clear-groups",
         f"--inh-caps={RIGHT}", f"--ambient-caps={RIGHT}", "nginx"],
        check=True,
    )  # fmt: skip
    until(lambda: bool(server.sh("cat /run/nginx.pid").strip()), "nginx writes its pid")


def _give_back(lab: Lab, owners: str) -> None:
    for line in owners.splitlines():
        owner, _, path = line.partition(" ")
        lab.server.run(["chown", owner, path])
    lab.server.sh("chown -R www-data /var/lib/nginx")


@scenario(outside=None, server="nginx.temp-files-unwritable", not_on=LAYOUT, differs=(CONF,))
def tested_by_root_and_run_by_another(lab: Lab) -> None:
    run_by_the_workers_user(lab)
    lab.server.sh("nginx -t")
    upload(lab)


@healthy(not_on=LAYOUT)
def run_by_another_user(lab: Lab) -> None:
    run_by_the_workers_user(lab)
    upload(lab)
