"""Rules that are written out and loaded once more, in the place of those that they are made of."""

import json
from typing import Any

from diagnose.parsers.netfilter import nft

from .kernel import Namespace


def rules(of: Namespace) -> list[tuple[str, Any, str]]:
    """Chain, content and comment of all rules, in order, without what they have counted."""
    listed = json.loads(of.run("nft", "-s", "-j", "list", "ruleset"))["nftables"]
    return [
        (f"{one['table']} {one['chain']}", one["expr"], one.get("comment", ""))
        for one in (part["rule"] for part in listed if "rule" in part)
    ]


def rewritten(of: Namespace) -> dict[str, list[str]]:
    """Each rule's own words in its place, and all is as before; what cannot be written, by its
    chain."""
    before = rules(of)
    commands, others = [], dict[str, list[str]]()
    for table in nft.parse_ruleset(of.run("nft", "-j", "list", "ruleset")).tables:
        for chain in table.chains.values():
            at = f"{table.family} {table.name} {chain.name}"
            for rule in chain.rules:
                if rule.exact():
                    commands.append(f"replace rule {at} handle {rule.handle} {rule.text}")
                else:
                    others.setdefault(chain.name, []).append(rule.text)
    of.run("nft", "-f", "-", input="\n".join(commands))
    changed = [(was, now) for was, now in zip(before, rules(of), strict=True) if was != now]
    assert not changed, changed[:3]
    return others


def loaded(of: Namespace, text: str) -> Namespace:
    of.run("nft", "-f", "-", input=f"flush ruleset\n{text}")
    return of
