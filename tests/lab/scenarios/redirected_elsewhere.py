"""A server with a public address redirects its ports to a machine that has none, as a VPS does in
front of a server at home. The router plays the machine at home; no tunnel is between them."""

from .. import certificates, site
from ..lab import HERE, SERVER, Lab
from ..scenario import healthy, scenario
from .addresses import FOLDER, MAIN, WEBSOCKETS

HOME, OWN = "10.8.0.3", "10.8.0.1"
SETTING = "net.ipv4.ip_forward"
RULES = f"""
    iptables -t nat WORD PREROUTING -d {SERVER}/32 -p tcp -m multiport --dports 80,443 \
      -j DNAT --to-destination TARGET
    iptables -t nat WORD POSTROUTING -d TARGET/32 -j MASQUERADE
    iptables WORD FORWARD -d TARGET/32 -j ACCEPT
    iptables WORD FORWARD -s TARGET/32 -j ACCEPT
"""
PAGE = f"""
server {{
  listen {HOME}:80;
  return 301 https://$host$request_uri;
}}
server {{
  listen {HOME}:443 ssl;
  ssl_certificate {FOLDER}/edge.pem;
  ssl_certificate_key {FOLDER}/edge.key;
  location / {{
    proxy_pass http://127.0.0.1:3000;
    proxy_http_version 1.1;
    proxy_set_header Host $host;{WEBSOCKETS}
  }}
}}
"""


def _at_home(lab: Lab, target: str = HOME, forward: int = 1) -> None:
    server, router, issued = lab.server, lab.router, certificates.leaf(site.NAME)
    lab.stop_nginx()
    server.sh(f"rm -f {site.CONF}")
    device = server.sh("ip -o route get 203.0.113.1 | sed 's/.* dev //; s/ .*//'").strip()
    for host, address, link in ((router, HOME, "eth1"), (server, OWN, device)):
        host.sh(f"ip addr add {address}/24 dev {link}")
    lab.undo(lambda: router.sh(f"ip addr del {HOME}/24 dev eth1", check=False))
    lab.undo(lambda: server.sh(f"ip addr del {OWN}/24 dev {device}", check=False))
    router.sh(f"mkdir -p {FOLDER}")
    router.write(f"{FOLDER}/edge.pem", issued.chain)
    router.write(f"{FOLDER}/edge.key", issued.key_pem, 0o600)
    router.write(f"{FOLDER}/nginx.conf", MAIN.format(folder=FOLDER, servers=PAGE))
    program = router.python(str(HERE / "application.py"), "--host", "127.0.0.1")
    lab.spawn(router, program, 3000)
    argv = ["nginx", "-c", f"{FOLDER}/nginx.conf", "-e", f"{FOLDER}/error.log"]
    lab.spawn(router, [*argv, "-g", "daemon off;"], 443)
    rules = RULES.replace("TARGET", target)
    server.sh(rules.replace("WORD", "-I"))
    lab.undo(lambda: server.sh(rules.replace("WORD", "-D"), check=False))
    before = server.sh(f"sysctl -n {SETTING}").strip()
    server.sh(f"sysctl -q -w {SETTING}={forward}")
    lab.undo(lambda: server.sh(f"sysctl -q -w {SETTING}={before}"))


@scenario(
    outside="tcp.timeout", server="firewall.redirected-elsewhere",
    manual="its own connections are not redirected: the server does not see the cure",
)  # fmt: skip
def kernel_passes_no_packets_on(lab: Lab) -> None:
    """https://www.procustodibus.com/blog/2022/09/wireguard-port-forward-from-internet/: the host
    with the rules needs net.ipv4.ip_forward=1."""
    _at_home(lab, forward=0)


@scenario(
    outside="tcp.rejected-by-host", server="firewall.redirected-elsewhere",
    manual="the machine at home has to come back, or the rule to get its address",
)  # fmt: skip
def machine_at_home_has_another_address(lab: Lab) -> None:
    _at_home(lab, "10.8.0.2")


@healthy(unsure=("server",))
def ports_lead_to_a_machine_at_home(lab: Lab) -> None:
    """Nothing listens here, and this server's own connections are not redirected."""
    _at_home(lab)
