from dataclasses import replace

from tests.support.certificates import LEAF, ROOT, SELF, causes, visit
from tests.support.check_evidence import judge

CHECK = "certificate.apache-placeholder"
STAND_IN = replace(SELF, common_name="Apache Managed Domain Fallback", dns_names=())


def test_fires_for_the_stand_in_of_mod_md_and_explains_it() -> None:
    assert len(judge(CHECK, visit(STAND_IN, code=18))) == 1
    assert causes(visit(STAND_IN, code=18)) == [CHECK]


def test_silent_for_another_certificate() -> None:
    assert not judge(CHECK, visit(SELF, code=18))
    assert not judge(CHECK, visit(LEAF, ROOT))
    assert not judge(CHECK, visit(STAND_IN)), "this machine trusts it"
