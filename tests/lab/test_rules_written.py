"""A rule that is written out makes the same rule once more, as nft itself says: so that one that a
remedy took away can be put back. The rules of firewalld are tried in `test_netfilter`."""

from collections.abc import Iterator

import pytest

from . import real_rulesets, rule_words
from .kernel import Namespace, Pair
from .lab import missing
from .rewritten_rules import loaded, rewritten
from .test_netfilter import generated

pytestmark = [
    pytest.mark.lab,
    pytest.mark.skipif(bool(missing()), reason="needs root and the laboratory's programs"),
]


@pytest.fixture
def alone() -> Iterator[Namespace]:
    made = Namespace()
    yield made
    made.close()


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
