from diagnose.model.cloud import CloudMachine
from tests.support.aliyun_state import CONSOLE_DEFAULT
from tests.support.cloud_evidence import cloud_machine, group_rules


def test_a_cloud_on_one_line() -> None:
    assert cloud_machine().summary() == ("Alibaba Cloud", "instance i-example")
    silent = CloudMachine(title="Alibaba Cloud", metadata="silent")
    assert silent.summary() == ("Alibaba Cloud", "metadata silent")


def test_rules_on_one_line() -> None:
    acl = {"IngressAclEntries": [{"Policy": "accept"}]}
    rules = group_rules(*CONSOLE_DEFAULT, acl=acl)
    assert rules.summary() == (
        "Alibaba Cloud ECS i-example",
        "3 rules of group, 1 rules of nacl_in, 0 rules of nacl_out",
    )
