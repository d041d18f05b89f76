"""A certificate of certbot is late, and nothing starts certbot, after
https://github.com/certbot/website/issues/343, https://github.com/certbot/certbot/issues/6280 and
https://wp-maintenance.pro/blog/letsencrypt-ssl-renewal-failures-wordpress-server/."""

from .. import certificates, site
from ..lab import Lab
from ..scenario import scenario
from .nginx_files import LIVE, of_certbot
from .systemd import ALONE

AGAIN = "the authority has to be asked"
LOG = "/var/log/letsencrypt/letsencrypt.log"
SETTINGS = f"/etc/letsencrypt/renewal/{site.NAME}.conf"
LINE = "17 3 * * * root certbot -q renew\n"


def late(lab: Lab, settings: str = "authenticator = nginx\n", ends: float = 5) -> None:
    """Its last run was that in which it got the certificate, and cron runs."""
    leaf = certificates.leaf(starts=ends - 90, ends=ends)
    of_certbot(lab, leaf)
    lab.server.write(site.PEM, leaf.chain)
    lab.server.write(SETTINGS, f"[renewalparams]\n{settings}")
    lab.server.write(LOG, "2026-09-01 03:12:09,103:DEBUG:certbot._internal.main:certbot version\n")
    lab.server.write("/usr/local/bin/certbot", "#!/bin/sh\n", 0o755)
    lab.server.sh(f"touch -d '{90 - ends:.0f} days ago' /etc/letsencrypt/archive/*/* {LOG}")
    lab.edit(site.PEM, f"{LIVE}/fullchain.pem")
    lab.change(site.KEY, f"{LIVE}/privkey.pem")
    lab.server.sh("cp /bin/sleep /run/cron")
    made = f"{LOG} {SETTINGS} /usr/local/bin/certbot /run/cron"
    lab.undo(lambda: lab.server.sh(f"rm -f {made}"))
    lab.spawn(lab.server, ["/run/cron", "1000"], lambda: True)


def table(lab: Lab, text: str = LINE, path: str = "/etc/cron.d/renewal", mode: int = 0o644) -> None:
    lab.server.write(path, text, mode)
    lab.undo(lambda: lab.server.sh(f"rm -f {path}"))


@scenario(
    outside="certificate.expires-soon", server="certificate.renewal-not-started", manual=AGAIN
)
def nothing_starts_certbot(lab: Lab) -> None:
    late(lab)


@scenario(outside="certificate.expired", server="certificate.renewal-not-started", manual=AGAIN)
def cron_does_not_find_certbot(lab: Lab) -> None:
    """Installed by pip, and the line of a guide has no path."""
    late(lab, ends=-2)
    table(lab, "SHELL=/bin/sh\n\n" + LINE)


@scenario(
    outside="certificate.expires-soon", server="certificate.renewal-not-started", manual=AGAIN
)
def line_of_cron_has_no_user(lab: Lab) -> None:
    late(lab)
    table(lab, "17 3 * * * /usr/local/bin/certbot -q renew\n")


@scenario(
    outside="certificate.expires-soon", server="certificate.renewal-not-started", manual=AGAIN,
    not_on=dict.fromkeys(("redhat",), "cron takes such a name there"),
)  # fmt: skip
def script_of_cron_has_a_dot_in_its_name(lab: Lab) -> None:
    late(lab)
    table(lab, "#!/bin/sh\ncertbot -q renew\n", "/etc/cron.daily/certbot.sh", 0o755)


@scenario(
    outside="certificate.expires-soon", server="certificate.renewal-not-started",
    manual="a person has to choose another proof",
)  # fmt: skip
def certificate_of_a_person(lab: Lab) -> None:
    """`certbot certonly --manual`: cron starts the renewal, which leaves it out."""
    late(lab, "authenticator = manual\npref_challs = dns-01,\n")
    table(lab, LINE.replace("certbot", "/usr/local/bin/certbot"))


@scenario(outside="certificate.expires-soon", manual=AGAIN)
def certificate_of_a_hook(lab: Lab) -> None:
    """Its twin: a program writes the record."""
    late(lab, "authenticator = manual\nmanual_auth_hook = /usr/local/bin/dns-hook\n")
    table(lab, LINE.replace("certbot", "/usr/local/bin/certbot"))


@scenario(outside="certificate.expires-soon", manual=AGAIN)
def script_starts_certbot(lab: Lab) -> None:
    """A twin: the line names a script with another name, which certbot is in."""
    late(lab)
    lab.server.write("/srv/night.sh", "#!/bin/sh\ncertbot renew\n", 0o755)
    lab.undo(lambda: lab.server.sh("rm -f /srv/night.sh"))
    table(lab, "17 3 * * * root /srv/night.sh\n", "/etc/cron.d/night")


@scenario(outside="certificate.expires-soon", manual=AGAIN)
def line_of_cron_has_the_path(lab: Lab) -> None:
    """A twin: the table says where programs are."""
    late(lab)
    table(lab, "PATH=/usr/local/bin:/usr/bin:/bin\n" + LINE)


@scenario(
    outside="certificate.expires-soon", server="certificate.renewal-not-started", manual=AGAIN,
    not_on=ALONE,
)  # fmt: skip
def timer_of_certbot_is_off(lab: Lab) -> None:
    late(lab)
    folder = "/etc/systemd/system"
    lab.server.write(f"{folder}/certbot.service", "[Service]\nType=oneshot\nExecStart=/bin/true\n")
    timer = "[Timer]\nOnCalendar=daily\n[Install]\nWantedBy=timers.target\n"
    lab.server.write(f"{folder}/certbot.timer", timer)
    units = f"rm -f {folder}/certbot.timer {folder}/certbot.service; systemctl daemon-reload"
    lab.undo(lambda: lab.server.sh(units))
    lab.server.run(["systemctl", "daemon-reload"], check=True)
