"""What a remedy puts at risk, in a small set of words, read off its steps. Pure."""

import posixpath
import re
from collections.abc import Iterable
from enum import StrEnum

from diagnose.model import Command, Edit, Manual, Step


class Risk(StrEnum):
    """What may happen to others when a remedy is carried out. The values are public."""

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
_ACTIONS = {
    "restart": Risk.INTERRUPTS, "try-restart": Risk.INTERRUPTS,
    "reload-or-restart": Risk.INTERRUPTS,
    "reload": Risk.RELOADS, "daemon-reload": Risk.RELOADS, "start": Risk.STARTS,
    "stop": Risk.STOPS, "disable": Risk.STOPS, "mask": Risk.STOPS,
    "enable": Risk.EDITS_FILES, "unmask": Risk.EDITS_FILES, "reset-failed": None,
}  # fmt: skip
_PROGRAMS = {
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
_CONTAINERS = {
    "restart": Risk.INTERRUPTS, "start": Risk.STARTS, "up": Risk.INTERRUPTS, "stop": Risk.STOPS,
    "network": Risk.RELOADS,
}  # fmt: skip


def risks(steps: Iterable[Step]) -> tuple[Risk, ...]:
    """Each risk once, the gravest first; none where the steps only look."""
    found = {risk for step in steps for risk in _of(step)}
    return tuple(sorted(found, key=_ORDER.index))


def _of(step: Step) -> tuple[Risk, ...]:
    match step:
        case Edit():
            return (Risk.EDITS_FILES,)
        case Manual():
            return risks(step.commands) or (Risk.BY_HAND,)
        case Command(argv):
            risk = _of_command(posixpath.basename(argv[0]), argv[1:])
            return (risk,) if risk else ()


def _of_command(program: str, words: tuple[str, ...]) -> Risk | None:
    match program:
        case "systemctl" | "service" | "rc-service":
            return _of_service(words)
        case "nginx" | "openresty" | "angie":
            return _of_nginx(words)
        case "kill" | "pkill":
            return Risk.RELOADS if {"-HUP", "-s HUP", "-1"} & set(words) else Risk.STOPS
        case "docker" | "podman":
            return _CONTAINERS.get(next(iter(words), ""), Risk.CHANGES_SYSTEM)
        case "firewall-cmd" | "firewall-offline-cmd":
            return _of_firewalld(" ".join(words))
        case "ufw":
            return _of_ufw(words)
        case "nft" | "iptables" | "ip6tables" | "iptables-legacy" | "ip6tables-legacy":
            return _of_rules(program, " ".join(words))
    return _PROGRAMS.get(program, Risk.CHANGES_SYSTEM)


def _of_service(words: tuple[str, ...]) -> Risk | None:
    action = next((word for word in words if word in _ACTIONS), "")
    if action == "enable" and "--now" in words:
        return Risk.STARTS
    return _ACTIONS.get(action, Risk.CHANGES_SYSTEM)


def _of_nginx(words: tuple[str, ...]) -> Risk | None:
    if {"-t", "-T", "-v", "-V"} & set(words):
        return None
    if "-s" not in words:
        return Risk.STARTS
    return Risk.RELOADS if words[-1] in {"reload", "reopen"} else Risk.STOPS


def _of_firewalld(text: str) -> Risk:
    if "--reload" in text:
        return Risk.RELOADS
    if re.search(r"--remove-(?:source|entry|interface)\b", text):
        return Risk.OPENS_TO_SOME
    if "rule" in text:
        named = re.search(r"source (?:NOT )?(?:address|mac|ipset)|\s-s\s|--match-set", text)
        return Risk.OPENS_TO_SOME if named else Risk.OPENS_TO_ALL
    if re.search(r"--(?:add-(?:service|port|forward-port|interface)|set-target|panic-off)", text):
        return Risk.OPENS_TO_ALL
    return Risk.CHANGES_SYSTEM


def _of_ufw(words: tuple[str, ...]) -> Risk:
    if words[:1] == ("reload",):
        return Risk.RELOADS
    text = " ".join(words)
    named = re.search(r"\bfrom (?!any\b)\S+", text)
    return Risk.OPENS_TO_SOME if named else Risk.OPENS_TO_ALL


def _of_rules(program: str, text: str) -> Risk:
    if "element" in text.split()[:2]:
        return Risk.OPENS_TO_SOME
    answers = "sport" in text
    peer = r"\bip6? daddr\b|\s-d\s" if answers else r"\bip6? saddr\b|\s-s\s"
    named = re.search(peer, f" {text}") and not text.startswith("delete")
    return Risk.OPENS_TO_SOME if named else Risk.OPENS_TO_ALL
