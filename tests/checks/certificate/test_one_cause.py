"""What holds for the layer as a whole."""

from dataclasses import replace

from tests.support.certificates import LEAF, MIDDLE, OTHER, ROOT, SELF, causes, visit


def test_healthy_oddities_have_no_cause() -> None:
    assert not causes(visit())
    assert not causes(visit(LEAF, MIDDLE, ROOT))
    assert not causes(visit(LEAF, ROOT, MIDDLE, OTHER))
    assert not causes(visit(SELF))
    assert not causes(visit(replace(LEAF, authority_key_id=""), replace(MIDDLE, key_id="")))


def test_what_was_not_judged_is_not_blamed() -> None:
    unjudged = replace(visit(), verify_code=None)
    assert not causes(unjudged)
    assert not causes(replace(unjudged, variant="unverified", chain=(SELF,)))
