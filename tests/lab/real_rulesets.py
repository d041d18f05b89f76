"""Rulesets such as tools write them, in a bare namespace: each is a command that loads one."""

import shutil
from collections.abc import Mapping

from .hosts import PATH
from .kernel import CONTAINER, Namespace

#: ufw and iptables-legacy keep files and a lock: they get their own.
_OWN_FILES = """\
set -e
mount --make-rprivate /
mount -t tmpfs run /run
mkdir /run/ufw-etc /run/default
cp -a /etc/ufw/. /run/ufw-etc
cp -a /etc/default/. /run/default
mount --bind /run/ufw-etc /etc/ufw
mount --bind /run/default /etc/default
"""
UFW = """\
ufw allow 443/tcp
ufw deny from 10.1.2.3
ufw allow from 198.51.100.0/24 to any port 8080 proto tcp
ufw allow from 2001:db8:9::/48 to any port 5000 proto tcp
ufw reject 80/tcp
ufw --force enable
"""
UFW_ROUTED = UFW + "ufw route allow proto tcp from any to any port 80\nufw default deny outgoing\n"

ORACLE = """\
*filter
:INPUT ACCEPT [0:0]
:FORWARD ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:InstanceServices - [0:0]
-A INPUT -m state --state RELATED,ESTABLISHED -j ACCEPT
-A INPUT -p icmp -j ACCEPT
-A INPUT -i lo -j ACCEPT
-A INPUT -p udp --sport 123 -j ACCEPT
-A INPUT -p tcp -m state --state NEW -m tcp --dport 22 -j ACCEPT
-A INPUT -s 192.0.2.0/24 -p tcp -m multiport --dports 8080,5000 -m comment --comment "office" -j ACCEPT
-A INPUT -j REJECT --reject-with icmp-host-prohibited
-A INPUT -p tcp -m state --state NEW -m tcp --dport 443 -j ACCEPT
-A FORWARD -j REJECT --reject-with icmp-host-prohibited
-A OUTPUT -d 169.254.0.0/16 -j InstanceServices
-A InstanceServices -d 169.254.0.2/32 -p tcp -m owner --uid-owner 0 -m tcp --dport 3260 -j ACCEPT
-A InstanceServices -d 169.254.0.0/16 -p tcp -j REJECT --reject-with tcp-reset
COMMIT
"""  # noqa: E501
_SERVING = """\
*filter
:INPUT DROP [0:0]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [0:0]
:f2b-nginx - [0:0]
-A INPUT -p tcp -m multiport --dports 80,443 -j f2b-nginx
-A INPUT -i lo -j ACCEPT
-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A INPUT -m conntrack --ctstate INVALID -j DROP
-A INPUT -p tcp ! --syn -m conntrack --ctstate NEW -j DROP
-A INPUT -p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN -m multiport --dports 80,443,5000 -j ACCEPT
-A INPUT ! -s 10.0.0.0/8 -i eth+ -p tcp -m tcp --dport 8080:8090 -g f2b-nginx
-A f2b-nginx -s {banned} -j REJECT --reject-with {reject}
-A f2b-nginx -m mark --mark 0x0/0xff -j RETURN
COMMIT
"""
DOCKER = f"""\
*nat
:PREROUTING ACCEPT [0:0]
:INPUT ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
:DOCKER - [0:0]
-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
-A OUTPUT ! -d 127.0.0.0/8 -m addrtype --dst-type LOCAL -j DOCKER
-A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE
-A DOCKER -i docker0 -j RETURN
-A DOCKER ! -i docker0 -p tcp -m tcp --dport 8080 -j DNAT --to-destination {CONTAINER[0]}:80
-A DOCKER ! -i docker0 -p tcp -m tcp --dport 5000 -j DNAT --to-destination {CONTAINER[0]}:443
-A DOCKER -d 203.0.113.10/32 ! -i docker0 -p tcp -m tcp --dport 22 -j DNAT --to-destination {CONTAINER[0]}:22
COMMIT
*filter
:INPUT DROP [0:0]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [0:0]
:DOCKER - [0:0]
:DOCKER-ISOLATION-STAGE-1 - [0:0]
:DOCKER-ISOLATION-STAGE-2 - [0:0]
:DOCKER-USER - [0:0]
-A INPUT -i lo -j ACCEPT
-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A INPUT -p tcp --dport 443 -j ACCEPT
-A FORWARD -j DOCKER-USER
-A FORWARD -j DOCKER-ISOLATION-STAGE-1
-A FORWARD -o docker0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A FORWARD -o docker0 -j DOCKER
-A FORWARD -i docker0 ! -o docker0 -j ACCEPT
-A FORWARD -i docker0 -o docker0 -j ACCEPT
-A DOCKER -d {CONTAINER[0]}/32 ! -i docker0 -o docker0 -p tcp -m tcp --dport 80 -j ACCEPT
-A DOCKER -d {CONTAINER[0]}/32 ! -i docker0 -o docker0 -p tcp -m tcp --dport 22 -j ACCEPT
-A DOCKER-ISOLATION-STAGE-1 -i docker0 ! -o docker0 -j DOCKER-ISOLATION-STAGE-2
-A DOCKER-ISOLATION-STAGE-1 -j RETURN
-A DOCKER-ISOLATION-STAGE-2 -o docker0 -j DROP
-A DOCKER-ISOLATION-STAGE-2 -j RETURN
-A DOCKER-USER -s 10.0.0.0/8 -i eth0 -j DROP
-A DOCKER-USER -m conntrack --ctorigdst 203.0.113.11 --ctorigdstport 5000 -j REJECT
-A DOCKER-USER -j RETURN
COMMIT
"""  # noqa: E501
FAIL2BAN = """\
table inet f2b-table {
  set addr-set-nginx { type ipv4_addr; elements = { 10.1.2.3, 198.51.100.7 }
  }
  set addr6-set-nginx { type ipv6_addr; elements = { fd00:1::3 }
  }
  chain f2b-chain {
    type filter hook input priority filter - 1; policy accept;
    tcp dport { 80, 443 } ip saddr @addr-set-nginx reject with icmp port-unreachable
    tcp dport { 80, 443 } ip6 saddr @addr6-set-nginx reject with icmpv6 port-unreachable
    meta l4proto tcp ip saddr 192.0.2.0/24 drop
  }
}
table inet filter {
  chain input {
    type filter hook input priority filter; policy drop;
    ct state vmap { invalid : drop, established : accept, related : accept }
    iifname "lo" accept
    ip protocol icmp limit rate 4/second accept
    meta l4proto ipv6-icmp accept
    tcp dport vmap { 80 : accept, 443 : accept, 22 : jump ssh }
    meter flood { ip saddr limit rate over 10/second burst 500 packets } drop
    pkttype host limit rate 5/second burst 500 packets counter reject with icmpx admin-prohibited
  }
  chain ssh {
    ip saddr 203.0.113.0/24 accept
  }
  chain forward {
    type filter hook forward priority filter; policy drop;
  }
}
"""
DOCKER_NFT = f"""\
table ip docker-bridges {{
  map filter-forward-in-jumps {{ type ifname : verdict; elements = {{ "docker0" : jump in__docker0 }}
  }}
  map filter-forward-out-jumps {{ type ifname : verdict; elements = {{ "docker0" : jump out__docker0 }}
  }}
  chain nat-prerouting-and-output {{
    iifname != "docker0" tcp dport 8080 counter dnat to {CONTAINER[0]}:80 comment "DNAT"
    tcp dport 5000 counter dnat to {CONTAINER[0]}:443 comment "DNAT"
  }}
  chain nat-prerouting {{
    type nat hook prerouting priority dstnat; policy accept;
    fib daddr type local counter jump nat-prerouting-and-output
  }}
  chain nat-output {{
    type nat hook output priority -100; policy accept;
    ip daddr != 127.0.0.0/8 fib daddr type local counter jump nat-prerouting-and-output
  }}
  chain nat-postrouting {{
    type nat hook postrouting priority srcnat; policy accept;
    oifname != "docker0" ip saddr 172.17.0.0/16 counter masquerade
  }}
  chain filter-forward {{
    type filter hook forward priority filter; policy accept;
    oifname vmap @filter-forward-in-jumps
    iifname vmap @filter-forward-out-jumps
  }}
  chain in__docker0 {{
    ct state established,related counter accept
    iifname "docker0" counter accept
    ip daddr {CONTAINER[0]} tcp dport 80 counter accept
    counter drop comment "UNPUBLISHED PORT DROP"
  }}
  chain out__docker0 {{
    ct state established,related counter accept
    counter accept
  }}
  chain raw-PREROUTING {{
    type filter hook prerouting priority raw; policy accept;
    ip daddr {CONTAINER[0]} iifname != "docker0" counter drop comment "DROP DIRECT ACCESS"
  }}
}}
"""  # noqa: E501


def _restore(text: str, suffix: str = "", v6: str = "") -> str:
    script = f"iptables{suffix}-restore <<'END'\n{text}END\n"
    return script + (f"ip6tables{suffix}-restore <<'END'\n{v6}END\n" if v6 else "")


def _nft(text: str) -> str:
    return f"nft -f - <<'END'\n{text}END\n"


_BANNED = _SERVING.format(banned="198.51.100.7/32", reject="icmp-port-unreachable")
_BANNED6 = _SERVING.format(banned="fd00:1::3/128", reject="icmp6-port-unreachable").replace(
    "! -s 10.0.0.0/8", "! -s 2001:db8:9::/48"
)
SCRIPTS: Mapping[str, str] = {
    "ufw": UFW,
    "ufw with routes, nothing goes out": UFW_ROUTED,
    "Oracle's image": _restore(ORACLE),
    "Oracle's image, iptables-legacy": _restore(ORACLE, "-legacy"),
    "iptables for both families": _restore(_BANNED, "", _BANNED6),
    "iptables-legacy for both families": _restore(_BANNED, "-legacy", _BANNED6),
    "Docker": _restore(DOCKER),
    "Docker with iptables-legacy": _restore(DOCKER, "-legacy"),
    "Docker's own nftables": _nft(DOCKER_NFT),
    "Docker beside fail2ban": _restore(DOCKER) + _nft(FAIL2BAN),
    "fail2ban before a filter": _nft(FAIL2BAN),
    "iptables-nft beside iptables-legacy": _restore(_BANNED) + _restore(ORACLE, "-legacy"),
}


def available() -> list[str]:
    """Those for which the tools are here."""
    tools = ("ufw", "iptables-restore", "iptables-legacy-restore")
    lacking = [tool for tool in tools if not shutil.which(tool, path=PATH)]
    return [one for one in SCRIPTS.values() if not any(tool in one for tool in lacking)]


def load(server: Namespace, script: str) -> None:
    server.run("unshare", "-m", "sh", "-c", _OWN_FILES + script)


_SAVES = [(name, kind) for name in ("iptables", "ip6tables") for kind in ("nft", "legacy")]


def texts(server: Namespace) -> dict[str, str]:
    """What the tools print."""
    found = {"nft": server.run("nft", "-j", "list", "ruleset")}
    for name, tool in ((name, f"{name}-{kind}-save") for name, kind in _SAVES):
        if shutil.which(tool, path=PATH):
            found[name if "nft" in tool else f"{name}-legacy"] = server.run(tool)
    return found
