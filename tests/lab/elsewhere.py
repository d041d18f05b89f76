"""One more host of the laboratory, on a network of its own: a machine of the user's from which the
site is visited as well (`--vantage`).

    elsewhere 192.0.2.10 -- 192.0.2.1 router
    2001:db8:3::10          2001:db8:3::1

It runs a real sshd and has curl, openssl and getent, as any server has.
"""

from pathlib import Path

from . import site
from .hosts import Host, until
from .lab import CLIENT, SERVER, SSHD_ARGV, Lab

ELSEWHERE, ELSEWHERE6 = "192.0.2.10", "2001:db8:3::10"
GATEWAY, GATEWAY6 = "192.0.2.1", "2001:db8:3::1"
URL = f"ssh://root@{ELSEWHERE}"
ARGS = ("--vantage", URL)

_SSH_CLIENT = f"""\
Host {ELSEWHERE}
  IdentityFile {{key}}
  UserKnownHostsFile /dev/null
  StrictHostKeyChecking no
  LogLevel ERROR
"""


def elsewhere(lab: Lab) -> Host:
    """The host, up and reachable by SSH from the client and the server, until the next restore."""
    host = Host("elsewhere").ready()
    lab.undo(host.close)
    lab._cable(host, "eth2")
    lab.router.sh(f"""
        ip link set eth2 up
        ip addr replace {GATEWAY}/24 dev eth2
        ip addr replace {GATEWAY6}/64 dev eth2 nodad
    """)
    lab._address(host, "eth0", ELSEWHERE, ELSEWHERE6)
    host.sh(f"""
        ip route replace default via {GATEWAY}
        ip -6 route replace default via {GATEWAY6}
        rm -f /etc/resolv.conf
        mkdir -p /run/sshd
    """)
    host.write("/etc/hosts", f"127.0.0.1 localhost elsewhere\n{SERVER} {site.NAME}\n")
    host.write("/etc/ssh/lab_host_key", lab.server.read("/etc/ssh/lab_host_key"), 0o600)
    host.write("/etc/ssh/lab_authorized_keys", lab.server.read("/etc/ssh/lab_authorized_keys"))
    _ways_in(lab)
    process = host.spawn(SSHD_ARGV)
    lab.undo(process.wait)
    lab.undo(process.kill)
    until(lambda: host.listening(22), "sshd of the other place serves")
    return host


def second_place(lab: Lab) -> str:
    """The client's own machine, reachable by SSH from the server; its URL."""
    client = lab.client
    client.sh("mkdir -p /run/sshd")
    client.write("/etc/ssh/lab_host_key", lab.server.read("/etc/ssh/lab_host_key"), 0o600)
    client.write("/etc/ssh/lab_authorized_keys", lab.server.read("/etc/ssh/lab_authorized_keys"))
    lab.server.write(
        "/etc/ssh/ssh_config.d/client.conf",
        _SSH_CLIENT.replace(ELSEWHERE, CLIENT).format(key="/etc/ssh/lab_host_key"),
    )
    lab.spawn(client, SSHD_ARGV, 22)
    return f"ssh://root@{CLIENT}"


def _ways_in(lab: Lab) -> None:
    """The user's key, in the configuration of ssh on both machines where the tool runs."""
    for host, key in ((lab.client, "/etc/ssh/lab_key"), (lab.server, "/etc/ssh/lab_host_key")):
        host.write("/etc/ssh/ssh_config.d/elsewhere.conf", _SSH_CLIENT.format(key=key))


def names(host: Host, *lines: str) -> None:
    """What the name leads to there, in its hosts file."""
    host.write("/etc/hosts", "127.0.0.1 localhost elsewhere\n" + "".join(f"{x}\n" for x in lines))


def without(host: Host, *programs: str) -> None:
    """A machine on which these programs are not installed."""
    for program in programs:
        for folder in ("/usr/bin", "/usr/local/bin", "/usr/sbin"):
            path: Path = host.path(f"{folder}/{program}")
            path.unlink(missing_ok=True)


__all__ = ["ARGS", "ELSEWHERE", "URL", "elsewhere", "names", "second_place", "without"]
