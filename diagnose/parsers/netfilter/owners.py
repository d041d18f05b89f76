"""Which program made a rule, found by the names of its table and chain. No I/O."""

import re
from typing import Literal

from diagnose.parsers.netfilter.ruleset import RulePosition

Owner = Literal[
    "firewalld", "ufw", "fail2ban", "docker", "podman", "kubernetes", "libvirt", "crowdsec",
    "csf", "hestia", "vesta", "sshguard", "hand",
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
#: Owner of the policy or last rule of a built-in iptables chain, by the other chains of the table.
_SIBLING_CHAINS: tuple[tuple[str, Owner], ...] = (
    (r"ufw6?-user-input", "ufw"),
    (r"INPUT_direct|IN_ZONES|INPUT_ZONES", "firewalld"),
    (r"LOCALINPUT|DENYIN", "csf"),
    # v-update-firewall makes an empty chain of the panel's name (HestiaCP, VestaCP).
    (r"hestia", "hestia"),
    (r"vesta", "vesta"),
)


#: firewalld's chains on iptables: INPUT_direct, IN_public_allow, FWDI_docker …
_ZONES = r"(?:INPUT|OUTPUT|FORWARD|PREROUTING|POSTROUTING|IN|FWD[IO]?|OUT|PRE|POST)_\w+"


def owner(position: RulePosition) -> Owner:
    """Return the program that made a rule, by the names of its table and chains; "hand" if none is
    recognized."""
    for pattern, name in _TABLES:
        if re.fullmatch(pattern, position.table.name):
            return name
    for pattern, name in _CHAINS:
        if re.fullmatch(pattern, position.chain.name):
            return name
    if re.fullmatch(_ZONES, position.chain.name) and "INPUT_direct" in position.table.chains:
        return "firewalld"
    if position.chain.base and _is_policy_or_last(position):
        for pattern, name in _SIBLING_CHAINS:
            if any(re.fullmatch(pattern, chain) for chain in position.table.chains):
                return name
    return "hand"


def _is_policy_or_last(position: RulePosition) -> bool:
    """Return whether it is the policy or last rule; earlier rules may have been added by hand."""
    return position.rule is None or position.rule is position.chain.rules[-1]


def jail(position: RulePosition) -> str:
    """Return the fail2ban jail that a rule belongs to, or "" if it is not known."""
    chain_match = re.fullmatch(r"(?:f2b|fail2ban)-(.+)", position.chain.name)
    if chain_match and chain_match[1] not in {"chain", "input"}:
        return chain_match[1]
    text_match = re.search(r"\b(?:addr6?-set|f2b)-([\w.-]+)", position.text)
    return text_match[1] if text_match else ""
