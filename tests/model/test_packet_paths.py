from diagnose.model.packet_paths import ArpIgnore, IpsecPolicies, IpsecPolicy, QueueReaders
from tests.support.summaries import summary_text


def test_the_larger_value_is_in_effect() -> None:
    setting = ArpIgnore(settings=(("all", 1), ("eth0", 8)))
    assert [setting.in_effect(device) for device in ("eth0", "eth1")] == [8, 1]
    assert summary_text(setting) == ("arp_ignore", "all 1, eth0 8")


def test_policies_and_queues_are_said() -> None:
    policy = IpsecPolicy("in", "0.0.0.0/0", "::/0", text="src 0.0.0.0/0 dst ::/0 dir in")
    assert summary_text(IpsecPolicies(policies=(policy,))) == ("policies of IPsec", policy.text)
    said = summary_text(QueueReaders(numbers=(0, 3)))
    assert said == ("queues of the packet filter that are read", "0, 3")
