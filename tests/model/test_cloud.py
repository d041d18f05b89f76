from diagnose.model.cloud import CloudMachine
from tests.support.aliyun_state import CONSOLE_DEFAULT
from tests.support.cloud_evidence import cloud_machine, group_rules
from tests.support.summaries import summary_text


def test_a_cloud_on_one_line() -> None:
    assert summary_text(cloud_machine()) == ("Alibaba Cloud", "instance i-example")
    silent = CloudMachine(title="Alibaba Cloud", metadata="silent")
    assert summary_text(silent) == ("Alibaba Cloud", "the metadata service did not answer")


def test_rules_on_one_line() -> None:
    acl = {"IngressAclEntries": [{"Policy": "accept"}]}
    rules = group_rules(*CONSOLE_DEFAULT, acl=acl)
    assert summary_text(rules) == (
        "Alibaba Cloud ECS i-example",
        "3 rules of group, 1 rule of nacl_in, 0 rules of nacl_out",
    )
