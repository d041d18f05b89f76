"""A plan of the server restarts what serves the site, just when visitors lose it.

https://github.com/owasp-modsecurity/ModSecurity-nginx/issues/351: "a crontab that restarts the
nginx Server one minute after 12am", for a log that is rotated then.
"""

from ..lab import Lab
from ..scenario import healthy, scenario

TABLE = "/etc/cron.d/nginx-logs"
WORDS = "every night at midnight all websockets are disconnected and the site is gone for a moment"


def _plan(lab: Lab, line: str) -> None:
    lab.server.write(TABLE, f"SHELL=/bin/sh\n# open the rotated log again\n{line}\n", 0o644)
    lab.undo(lambda: lab.server.sh(f"rm -f {TABLE}"))


@scenario(args=(WORDS,), outside=None, server="host.planned-restart", differs=(TABLE,))
def cron_restarts_nginx_at_midnight(lab: Lab) -> None:
    _plan(lab, "1 0 * * * root systemctl restart nginx")


@healthy(args=(WORDS,))
def cron_reloads_nginx_at_midnight(lab: Lab) -> None:
    _plan(lab, "1 0 * * * root systemctl reload nginx")


@healthy(args=(WORDS,))
def cron_restarts_another_service_at_midnight(lab: Lab) -> None:
    _plan(lab, "1 0 * * * root systemctl restart cups; /usr/sbin/logrotate /etc/logrotate.conf")
