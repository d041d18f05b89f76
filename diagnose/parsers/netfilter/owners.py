"""Who made a rule, by the names that programs give to their tables and chains. Pure."""

import re
from typing import Literal

from diagnose.parsers.netfilter.ruleset import Place

Owner = Literal[
    "firewalld", "ufw", "fail2ban", "docker", "podman", "kubernetes", "libvirt", "crowdsec",
    "csf", "sshguard", "hand",
]  # fmt: skip

_TABLES: tuple[tuple[str, Owner], ...] = (
    (r"firewalld(?:_.*)?", "firewalld"),
    (r"f2b-.*", "fail2ban"),
    (r"netavark|podman.*", "podman"),
    (r"docker-.*", "docker"),
    (r"kube-.*|calico|cilium.*", "kubernetes"),
    (r"libvirt.*", "libvirt"),
    (r"crowdsec6?", "crowdsec"),
    (r"sshguard", "sshguard"),
)
_CHAINS: tuple[tuple[str, Owner], ...] = (
    (r"ufw6?-.*", "ufw"),
    (r"(?:f2b|fail2ban)-.*", "fail2ban"),
    (r"DOCKER(?:-.*)?", "docker"),
    (r"NETAVARK.*|CNI-.*", "podman"),
    (r"KUBE-.*|cali-.*|CILIUM_.*|FLANNEL-.*", "kubernetes"),
    (r"LIBVIRT_.*", "libvirt"),
    (r"CROWDSEC.*|crowdsec.*", "crowdsec"),
    (
        r"(?:LOCAL|ALLOW|DENY|INV)(?:INPUT|OUTPUT|IN|OUT|DROP)|DENYIN|DENYOUT|LOGDROP(?:IN|OUT)",
        "csf",
    ),
    (r"sshguard", "sshguard"),
)
#: Whose policy or last rule in a chain of iptables itself it is, by the chains beside it.
_BESIDE: tuple[tuple[str, Owner], ...] = (
    (r"ufw6?-user-input", "ufw"),
    (r"INPUT_direct|IN_ZONES|INPUT_ZONES", "firewalld"),
    (r"LOCALINPUT|DENYIN", "csf"),
)


#: firewalld's on iptables: INPUT_direct, IN_public_allow, FWDI_docker …
_ZONES = r"(?:INPUT|OUTPUT|FORWARD|PREROUTING|POSTROUTING|IN|FWD[IO]?|OUT|PRE|POST)_\w+"


def owner(place: Place) -> Owner:
    for pattern, name in _TABLES:
        if re.fullmatch(pattern, place.table.name):
            return name
    for pattern, name in _CHAINS:
        if re.fullmatch(pattern, place.chain.name):
            return name
    if re.fullmatch(_ZONES, place.chain.name) and "INPUT_direct" in place.table.chains:
        return "firewalld"
    if place.chain.base and _is_theirs(place):
        for pattern, name in _BESIDE:
            if any(re.fullmatch(pattern, chain) for chain in place.table.chains):
                return name
    return "hand"


def _is_theirs(place: Place) -> bool:
    """A policy, or the last rule of the chain: what is before it somebody may have put there."""
    return place.rule is None or place.rule is place.chain.rules[-1]


def jail(place: Place) -> str:
    """fail2ban's jail that a rule belongs to, "" where it does not say."""
    named = re.fullmatch(r"(?:f2b|fail2ban)-(.+)", place.chain.name)
    if named and named[1] not in {"chain", "input"}:
        return named[1]
    said = re.search(r"\b(?:addr6?-set|f2b)-([\w.-]+)", place.text)
    return said[1] if said else ""
