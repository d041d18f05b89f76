"""What only a server with systemd has: starts that it gives up, commands before nginx, files that a
unit sees otherwise, timers."""

from .. import certificates, site
from ..hosts import until
from ..lab import HERE, Lab
from ..scenario import healthy, scenario
from .nginx import start_in_vain
from .nginx_elsewhere import renewed_by_acme_sh_and_never_installed
from .nginx_files import LIVE, of_certbot

ALONE = {"no-manager": "no systemd is there"}
UNITS = {**ALONE, **dict.fromkeys(("built-by-hand", "built-with-rc.local"), "nginx has no unit")}
#: Those whose unit gives nginx folders of its own.
PRIVATE = dict.fromkeys(
    ("no-manager", "debian", "nginx.org", "built-by-hand", "built-with-rc.local", "panel"),
    "its /tmp is everybody's",
)
DROP_IN = "/etc/systemd/system/nginx.service.d/lab.conf"


def drop_in(lab: Lab, text: str) -> None:
    lab.server.write(DROP_IN, text)
    lab.server.run(["systemctl", "daemon-reload"], check=True)


@scenario(outside="tcp.refused", server="nginx.not-running", not_on=UNITS)
def started_in_vain_too_often(lab: Lab) -> None:
    """The mistake is mended, and systemd starts the service no more."""
    drop_in(lab, "[Unit]\nStartLimitIntervalSec=1h\nStartLimitBurst=3\n")
    lab.stop_nginx()
    lab.edit("proxy_pass http", "proxy_passs http")
    for _ in range(5):
        lab.server.run(["systemctl", "start", "nginx"])
    lab.edit("proxy_passs http", "proxy_pass http")


@scenario(
    outside="tcp.refused", server="nginx.not-running", manual="the disk is missing", not_on=UNITS
)
def command_before_nginx_fails(lab: Lab) -> None:
    """ExecStartPre= waits for a disk that is not there."""
    drop_in(lab, "[Service]\nExecStartPre=/usr/bin/test -e /srv/data/mounted\n")
    start_in_vain(lab)


@scenario(outside="tcp.refused", server="nginx.not-running", not_on=UNITS)
def all_of_the_unit_was_killed(lab: Lab) -> None:
    """As the kernel does it: all at once, and the unit remembers."""
    lab.server.run(["systemctl", "kill", "-s", "KILL", "nginx"], check=True)
    until(lambda: not lab.server.pids("nginx"), "nginx ends")


@scenario(
    outside="certificate.expires-soon", server="certificate.renewal-failed",
    both="certificate.renewal-failed", manual="the authority has to reach it", not_on=ALONE,
)  # fmt: skip
def timer_of_certbot_failed(lab: Lab) -> None:
    """Its unit failed, and its log says why."""
    leaf = certificates.leaf(starts=-85, ends=5)
    of_certbot(lab, leaf)
    lab.server.write(site.PEM, leaf.chain)
    lab.server.sh("touch -d '85 days ago' /etc/letsencrypt/archive/*/*")
    lab.edit(site.PEM, f"{LIVE}/fullchain.pem")
    lab.change(site.KEY, f"{LIVE}/privkey.pem")
    line = f"Failed to renew certificate {site.NAME} with error: Some challenges have failed."
    detail = "  Detail: 203.0.113.10: Timeout during connect (likely firewall problem)"
    lab.server.write("/run/certbot", f"#!/bin/sh\necho '{detail}'\necho '{line}'\nexit 1\n", 0o755)
    run = ["systemd-run", "--unit=certbot.service", "--wait", "--quiet", "/run/certbot"]
    lab.undo(lambda: lab.server.run(["systemctl", "reset-failed", "certbot.service"]))
    lab.server.run(run)


@scenario(
    outside="http.server-error", server="upstream.socket-unreachable", not_on=PRIVATE,
    manual="where the socket is to be is a choice",
)  # fmt: skip
def socket_in_a_tmp_that_nginx_does_not_see(lab: Lab) -> None:
    """PrivateTmp=true: the application's /tmp is another one."""
    lab.undo(lambda: lab.server.path("/tmp/app.sock").unlink(missing_ok=True))
    argv = lab.server.python(str(HERE / "application.py"), "--unix", "/tmp/app.sock")
    lab.spawn(lab.server, argv, lab.server.path("/tmp/app.sock").exists)
    lab.server.sh("chmod 666 /tmp/app.sock")
    lab.change("proxy_pass http://127.0.0.1:3000;", "proxy_pass http://unix:/tmp/app.sock;")


@healthy(not_on=UNITS)
def socket_in_a_folder_of_its_own(lab: Lab) -> None:
    """/run is the same for all."""
    argv = lab.server.python(str(HERE / "application.py"), "--unix", "/run/app.sock")
    lab.spawn(lab.server, argv, lab.server.path("/run/app.sock").exists)
    lab.server.sh("chmod 666 /run/app.sock")
    lab.change("proxy_pass http://127.0.0.1:3000;", "proxy_pass http://unix:/run/app.sock;")


@healthy(not_on=ALONE)
def other_units_failed(lab: Lab) -> None:
    """A unit of somebody else's is failed; the site is not."""
    lab.undo(lambda: lab.server.run(["systemctl", "reset-failed", "backup.service"]))
    lab.server.run(["systemd-run", "--unit=backup.service", "--wait", "--quiet", "false"])


@scenario(
    outside="tcp.refused", server="nginx.file-hidden", manual="where it is to lie is a choice",
    not_on={**dict.fromkeys(("debian", "nginx.org", "built-*", "panel"), "/home is seen"), **ALONE},
)  # fmt: skip
def certificate_in_a_home_that_nginx_does_not_see(lab: Lab) -> None:
    """ProtectHome=true; in a shell nginx -t is content."""
    lab.server.sh("mount -t tmpfs lab /home")
    lab.undo(lambda: lab.server.sh("umount /home"))
    good = certificates.good()
    lab.server.write("/home/admin/shop.pem", good.chain)
    lab.server.write("/home/admin/shop.key", good.key_pem, 0o600)
    lab.edit(site.PEM, "/home/admin/shop.pem")
    lab.edit(site.KEY, "/home/admin/shop.key")
    start_in_vain(lab)


@scenario(
    outside="certificate.expired", server="certificate.renewed-elsewhere",
    manual="it has to be copied to where nginx sees it",
    not_on={**dict.fromkeys(("debian", "nginx.org", "built-*", "panel"), "/home is seen"), **ALONE},
)  # fmt: skip
def renewed_in_a_home_that_nginx_does_not_see(lab: Lab) -> None:
    """ProtectHome=true: to name the file there would stop nginx from reloading."""
    renewed_by_acme_sh_and_never_installed(lab)


@scenario(
    outside="tls.reset", server="listener.socket-unit", also=("http.port-closed",),
    manual="the certificate of what it starts is a matter of its own", not_on=UNITS,
)  # fmt: skip
def socket_unit_has_the_port(lab: Lab) -> None:
    """A web.socket of an old installation; what it starts ends when a visitor has written: it
    leaves most of it unread, and so the kernel resets (RFC 9293 section 3.6.1)."""
    lab.stop_nginx()
    units = "/etc/systemd/system/web"
    lab.server.write(f"{units}.socket", "[Socket]\nListenStream=443\nAccept=yes\n")
    service = (
        "[Service]\nExecStart=-/usr/bin/head -c 1\nStandardInput=socket\nStandardOutput=null\n"
    )
    lab.server.write(f"{units}@.service", service)
    lab.undo(lambda: lab.server.run(["systemctl", "stop", "web.socket"]))
    lab.server.run(["systemctl", "daemon-reload"], check=True)
    lab.server.run(["systemctl", "start", "web.socket"], check=True)
    lab.try_to_start_nginx()
