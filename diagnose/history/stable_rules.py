"""The lines of a ruleset that stay equal until somebody changes the rules."""

import json
import re
from typing import Any

from diagnose.model.netfilter import Ruleset

#: Keys of nft objects that change although nobody has changed the rules.
_VOLATILE_KEYS = {"handle", "packets", "bytes", "expires", "used", "index"}


def stable_lines(ruleset: Ruleset) -> list[str]:
    """Return the rules and sets of a ruleset as lines, without counters, numbers and bans that
    change although nobody has changed the rules."""
    if ruleset.tool == "nft":
        return _stable_nft_objects(ruleset.text)
    return _stable_saved_lines(ruleset.text)


def _stable_nft_objects(text: str) -> list[str]:
    """Return the objects printed by nft, without counters and numbers (libnftables-json(5)). If the
    output cannot be parsed, return it unchanged."""
    try:
        objects = json.loads(text)["nftables"]
        stable = (
            nft_object
            for nft_object in objects
            if "metainfo" not in nft_object and not _is_fail2ban_rule(nft_object)
        )
        return [
            json.dumps(_without_volatile(stable_object), sort_keys=True) for stable_object in stable
        ]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return [text]


def _is_fail2ban_rule(nft_object: dict[str, Any]) -> bool:
    """Return True for a rule with which fail2ban bans an address temporarily."""
    return "rule" in nft_object and str(nft_object["rule"].get("chain", "")).startswith("f2b-")


def _without_volatile(value: Any) -> Any:
    if isinstance(value, list):
        return [_without_volatile(element) for element in value]
    if not isinstance(value, dict):
        return value
    stable = {
        key: _without_volatile(element)
        for key, element in value.items()
        if key not in _VOLATILE_KEYS
    }
    for kind in ("set", "map"):
        if _has_elements(stable.get(kind)):
            stable[kind] = _without_volatile_elements(stable[kind])
    return stable


def _has_elements(nft_set: Any) -> bool:
    return isinstance(nft_set, dict) and isinstance(nft_set.get("elem"), list)


def _without_volatile_elements(nft_set: dict[str, Any]) -> dict[str, Any]:
    """Return a set without elements that rules or programs add, and with the others sorted."""
    flags = nft_set.get("flags") or ()
    volatile_flags = {"dynamic", "timeout"}.intersection(
        (flags,) if isinstance(flags, str) else flags
    )
    if volatile_flags or str(nft_set.get("table", "")).startswith("f2b"):
        return {key: value for key, value in nft_set.items() if key != "elem"}
    return {**nft_set, "elem": sorted(map(json.dumps, nft_set["elem"]))}


def _stable_saved_lines(text: str) -> list[str]:
    """Return the lines of iptables-save or `ipset save` without comments, counters, fail2ban's bans
    and entries with a timeout; the entries of sets are last, and sorted."""
    lines = [_without_counters(line) for line in text.splitlines()]
    stable = [line for line in lines if line and not line.startswith(("#", "-A f2b-", "add f2b-"))]
    entries = [line for line in stable if line.startswith("add ")]
    lasting = sorted(entry for entry in entries if " timeout " not in entry)
    return [line for line in stable if not line.startswith("add ")] + lasting


def _without_counters(line: str) -> str:
    """Remove the counters of iptables-save(8), and of a set what the kernel counts or chooses
    (ipset(8))."""
    line = re.sub(r"^\[\d+:\d+\] | \[\d+:\d+\]$", "", line)
    if not line.startswith(("add ", "create ")):
        return line
    return re.sub(r" (?:packets|bytes|initval|hashsize) \S+", "", line)
