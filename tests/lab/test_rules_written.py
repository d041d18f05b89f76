"""A rule that is written out makes the same rule once more, as nft itself says: so that one that a
remedy took away can be put back."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from diagnose.parsers.netfilter import nft

from . import real_rulesets, rule_words
from .firewalld_rulesets import CHANGES
from .kernel import Namespace, Pair
from .lab import Lab, missing
from .test_netfilter import firewalld, generated

pytestmark = [
    pytest.mark.lab,
    pytest.mark.skipif(bool(missing()), reason="needs root and the laboratory's programs"),
]


@pytest.fixture
def alone() -> Iterator[Namespace]:
    made = Namespace()
    yield made
    made.close()


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


def test_each_statement_and_field_makes_the_same_rule(alone: Namespace) -> None:
    others = rewritten(loaded(alone, rule_words.ruleset()))
    assert list(others) == ["others"], others
    assert len(others["others"]) == len(rule_words.OTHERS.strip().splitlines())


def test_generated_rules_make_the_same_rules(alone: Namespace) -> None:
    """But for those whose objects a map picks, which are known not to be told whole."""
    texts = generated()
    good = [text for text in texts if not alone.accepts(["nft", "-c", "-f", "-"], text)]
    assert len(good) > 0.9 * len(texts)
    for text in good:
        others = [one for some in rewritten(loaded(alone, text)).values() for one in some]
        assert all(" name tcp dport map " in f" {one}" for one in others), others


@pytest.mark.parametrize("name", real_rulesets.SCRIPTS)
def test_rules_that_tools_write_make_the_same_rules(name: str) -> None:
    """But for those of iptables, of which nft knows that they are there."""
    if real_rulesets.SCRIPTS[name] not in real_rulesets.available():
        pytest.skip("its tool is not here")
    pair = Pair().up()
    try:
        real_rulesets.load(pair.server, real_rulesets.SCRIPTS[name])
        others = rewritten(pair.server)
    finally:
        pair.close()
    assert all("xt " in text for texts in others.values() for text in texts), others


def test_the_rules_of_firewalld_make_the_same_rules(lab: Lab, alone: Namespace) -> None:
    for changes in CHANGES.values():
        assert rewritten(loaded(alone, firewalld(lab, changes))) == {}
