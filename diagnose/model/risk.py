"""The risks of a fix, as words from a small list, derived from its steps. No I/O."""

import posixpath
import re
from collections.abc import Iterable
from enum import StrEnum

from diagnose.model import Command, Edit, Manual, Step


class Risk(StrEnum):
    """An effect that a fix may have on others. The values are public."""

    OPENS_TO_ALL = "opens-to-all"
    OPENS_TO_SOME = "opens-to-some"
    INTERRUPTS = "interrupts"
    STOPS = "stops"
    STARTS = "starts"
    RELOADS = "reloads"
    CHANGES_ACCESS = "changes-access"
    REMOVES_FILES = "removes-files"
    EDITS_FILES = "edits-files"
    ORDERS_CERTIFICATE = "orders-certificate"
    CHANGES_KERNEL = "changes-kernel"
    CHANGES_NETWORK = "changes-network"
    CHANGES_SYSTEM = "changes-system"
    BY_HAND = "by-hand"


_ORDER = tuple(Risk)
_SERVICE_RISKS = {
    "restart": Risk.INTERRUPTS, "try-restart": Risk.INTERRUPTS,
    "reload-or-restart": Risk.INTERRUPTS,
    "reload": Risk.RELOADS, "daemon-reload": Risk.RELOADS, "start": Risk.STARTS,
    "stop": Risk.STOPS, "disable": Risk.STOPS, "mask": Risk.STOPS,
    "enable": Risk.EDITS_FILES, "unmask": Risk.EDITS_FILES, "reset-failed": None,
}  # fmt: skip
_PROGRAM_RISKS = {
    **dict.fromkeys(
        ("chmod", "chown", "chgrp", "setfacl", "usermod", "setsebool", "semanage", "restorecon",
         "chcon"), Risk.CHANGES_ACCESS),
    **dict.fromkeys(("mv", "ln", "cp", "install", "sed", "tee", "mkdir", "touch", "rc-update"),
                    Risk.EDITS_FILES),
    **dict.fromkeys(("certbot", "dehydrated", "lego", "acme.sh", "caddy"), Risk.ORDERS_CERTIFICATE),
    **dict.fromkeys(("fail2ban-client", "cscli", "ipset"), Risk.OPENS_TO_SOME),
    "rm": Risk.REMOVES_FILES, "unlink": Risk.REMOVES_FILES,
    "sysctl": Risk.CHANGES_KERNEL, "ip": Risk.CHANGES_NETWORK,
}  # fmt: skip
_CONTAINER_RISKS = {
    "restart": Risk.INTERRUPTS, "start": Risk.STARTS, "up": Risk.INTERRUPTS, "stop": Risk.STOPS,
    "network": Risk.RELOADS,
}  # fmt: skip


def risks(steps: Iterable[Step]) -> tuple[Risk, ...]:
    """Return each risk once, the most serious first; () if the steps change nothing."""
    unordered = {risk for step in steps for risk in _step_risks(step)}
    return tuple(sorted(unordered, key=_ORDER.index))


def _step_risks(step: Step) -> tuple[Risk, ...]:
    match step:
        case Edit():
            return (Risk.EDITS_FILES,)
        case Manual():
            return risks(step.commands) or (Risk.BY_HAND,)
        case Command(argv):
            risk = _command_risk(posixpath.basename(argv[0]), argv[1:])
            return (risk,) if risk else ()


def _command_risk(program: str, arguments: tuple[str, ...]) -> Risk | None:
    match program:
        case "systemctl" | "service" | "rc-service":
            return _service_risk(arguments)
        case "nginx" | "openresty" | "angie":
            return _nginx_risk(arguments)
        case "kill" | "pkill":
            return Risk.RELOADS if {"-HUP", "-s HUP", "-1"} & set(arguments) else Risk.STOPS
        case "docker" | "podman":
            return _CONTAINER_RISKS.get(next(iter(arguments), ""), Risk.CHANGES_SYSTEM)
        case "firewall-cmd" | "firewall-offline-cmd":
            return _firewalld_risk(" ".join(arguments))
        case "ufw":
            return _ufw_risk(arguments)
        case "nft" | "iptables" | "ip6tables" | "iptables-legacy" | "ip6tables-legacy":
            return _rule_risk(program, " ".join(arguments))
    return _PROGRAM_RISKS.get(program, Risk.CHANGES_SYSTEM)


def _service_risk(arguments: tuple[str, ...]) -> Risk | None:
    action = next((argument for argument in arguments if argument in _SERVICE_RISKS), "")
    if action == "enable" and "--now" in arguments:
        return Risk.STARTS
    return _SERVICE_RISKS.get(action, Risk.CHANGES_SYSTEM)


def _nginx_risk(arguments: tuple[str, ...]) -> Risk | None:
    if {"-t", "-T", "-v", "-V"} & set(arguments):
        return None
    if "-s" not in arguments:
        return Risk.STARTS
    return Risk.RELOADS if arguments[-1] in {"reload", "reopen"} else Risk.STOPS


def _firewalld_risk(text: str) -> Risk:
    if "--reload" in text:
        return Risk.RELOADS
    if re.search(r"--remove-(?:source|entry|interface)\b", text):
        return Risk.OPENS_TO_SOME
    if "rule" in text:
        source_match = re.search(r"source (?:NOT )?(?:address|mac|ipset)|\s-s\s|--match-set", text)
        return Risk.OPENS_TO_SOME if source_match else Risk.OPENS_TO_ALL
    if re.search(r"--(?:add-(?:service|port|forward-port|interface)|set-target|panic-off)", text):
        return Risk.OPENS_TO_ALL
    return Risk.CHANGES_SYSTEM


def _ufw_risk(arguments: tuple[str, ...]) -> Risk:
    if arguments[:1] == ("reload",):
        return Risk.RELOADS
    text = " ".join(arguments)
    source_match = re.search(r"\bfrom (?!any\b)\S+", text)
    return Risk.OPENS_TO_SOME if source_match else Risk.OPENS_TO_ALL


def _rule_risk(program: str, text: str) -> Risk:
    if "element" in text.split()[:2]:
        return Risk.OPENS_TO_SOME
    is_reply_rule = "sport" in text
    peer_pattern = r"\bip6? daddr\b|\s-d\s" if is_reply_rule else r"\bip6? saddr\b|\s-s\s"
    peer_match = re.search(peer_pattern, f" {text}") and not text.startswith("delete")
    return Risk.OPENS_TO_SOME if peer_match else Risk.OPENS_TO_ALL
