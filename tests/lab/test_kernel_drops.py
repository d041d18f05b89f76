"""The kernel's own word for what it drops of our packets: seen from the client with a look into the
server over SSH, and on the server itself."""

import pytest

from diagnose.model.addresses import bracketed
from tests.support.effort import sample
from tests.support.kernel_features import no_drop_reasons, no_ebpf

from . import kernel_witness
from .lab import CLIENT, HERE, SERVER, SERVER6, Lab
from .report import Report
from .scenario import Scenario, found
from .scenarios.netfilter import alone

pytestmark = [
    pytest.mark.lab,
    pytest.mark.skipif(bool(no_drop_reasons()), reason=no_drop_reasons() or "can"),
]

TRACING = "/sys/kernel/tracing"
#: Faults of other files: what the kernel dropped, and the reason that it gives.
DROPS = {
    "a_table_of_its_own_drops_443": ("syn", "NETFILTER_DROP"),
    "a_table_after_firewalld_resets_443": ("syn", "NETFILTER_DROP"),
    "dropped_at_the_network_card": ("syn", "NETFILTER_DROP"),
    "dropped_before_routing": ("syn", "NETFILTER_DROP"),
    "iptables_policy_drops": ("syn", "NETFILTER_DROP"),
    "iptables_rejects_443": ("syn", "NETFILTER_DROP"),
    "legacy_iptables_drops_443": ("syn", "NETFILTER_DROP"),
    "https_closed_in_firewalld": ("syn", "NETFILTER_DROP"),
    "answers_are_dropped": ("reply", "NETFILTER_DROP"),
    "second_uplink_is_filtered_strictly": ("syn", "IP_RPFILTER"),
    "no_block_for_443": ("syn", "NO_SOCKET"),
}
#: Most are dropped alike, by rules that were written differently.
BY_RULES = [name for name, drop in DROPS.items() if drop == ("syn", "NETFILTER_DROP")]
NAMES = [name for name in DROPS if name not in BY_RULES or name in sample(BY_RULES, 2)]


def look(lab: Lab, side: str = "both", tracing: bool = True, server: str = SERVER) -> Report:
    if tracing:
        lab.undo(lambda: lab.server.sh(f"umount {TRACING}"))
        lab.server.sh(f"mount -t tracefs tracefs {TRACING}")
    words = ("--server", f"ssh://root@{bracketed(server)}") if side == "both" else ()
    host = lab.client if side == "both" else lab.server
    done = lab.diagnose(host, "--json", "--timeout", "40", *words, "https://shop.example.com/")
    return Report.of(side, done)


def drops(report: Report) -> list[tuple[str, str]]:
    observations = report.document["observations"]
    seen = [observation for observation in observations if observation["kind"] == "KernelDrop"]
    return sorted({(observation["packet"], observation["reason"]) for observation in seen})


@pytest.mark.parametrize("name", NAMES)
def test_the_kernel_says_what_it_drops(laboratory: Lab, name: str) -> None:
    scenario = found()[name]
    if why := scenario.obstacle() or scenario.obstacle_on(laboratory.platform):
        pytest.skip(why)
    laboratory.restore(ipv6=scenario.ipv6)
    scenario.apply(laboratory)
    report = look(laboratory)
    assert drops(report) == [DROPS[name]], str(report)
    expected = scenario.expected["both"]
    assert report.causes == [expected], str(report)


@pytest.mark.parametrize("scenario", sample(kernel_witness.scenarios(), 3), ids=str)
def test_rules_and_kernel_do_not_disagree(laboratory: Lab, scenario: Scenario) -> None:
    """A share of the scenarios; all where DIAGNOSE_ALL is set."""
    if why := kernel_witness.obstacle(laboratory, scenario):
        pytest.skip(why)
    told = kernel_witness.play(laboratory, scenario)
    assert told.is_expected, told
    assert not told.disagreements, told


@pytest.mark.skipif(bool(no_ebpf((6, 4))), reason="netfilter takes eBPF since Linux 6.4")
def test_an_ebpf_program_that_no_list_of_rules_shows(laboratory: Lab) -> None:
    """All rules accept, and netfilter drops IPv4, nginx's to its application too. SSH comes by
    IPv6."""
    lab = laboratory
    lab.restore()
    lab.undo(lambda: lab.server.sh("rm -f /run/bpf.attached"))
    argv = lab.server.python(str(HERE / "bpf.py"), "netfilter")
    lab.spawn(lab.server, argv, lab.server.path("/run/bpf.attached").exists)
    report = look(lab, server=SERVER6)
    assert drops(report) == [("syn", "NETFILTER_DROP")], str(report)
    assert report.causes == ["firewall.kernel-disagrees", "upstream.unreachable"], str(report)


@pytest.mark.parametrize("fault", ["input", "output", "nobody"])
def test_on_the_server_itself(laboratory: Lab, fault: str) -> None:
    """Its own packets go over loopback, where rules may drop too."""
    lab = laboratory
    lab.restore()
    alone(lab)
    rules = {"input": "input tcp dport", "output": "output tcp sport"}
    if fault == "nobody":
        lab.change("listen 443 ssl;", "listen 4443 ssl;")
    else:
        hook, *match = rules[fault].split()
        lab.server.sh(f"""
            nft add table inet own
            nft add chain inet own c '{{ type filter hook {hook} priority 0; }}'
            nft add rule inet own c {" ".join(match)} 443 drop
        """)
    reason = "NO_SOCKET" if fault == "nobody" else "NETFILTER_DROP"
    packet = "reply" if fault == "output" else "syn"
    assert drops(report := look(lab, "server")) == [(packet, reason)], str(report)


def test_a_healthy_site_opens_no_tap(laboratory: Lab) -> None:
    """No tracefs is mounted: an attempt would be told as unknown."""
    laboratory.restore()
    report = look(laboratory, tracing=False)
    assert report.status == "ok", str(report)
    assert not [one for one in report.document["unknown"] if "kernel" in one["what"]]
    laboratory.change("listen 443 ssl;", "listen 4443 ssl;")
    report = look(laboratory, tracing=False)
    (unknown,) = [one for one in report.document["unknown"] if "kernel" in one["what"]]
    assert unknown["why"] == "tracefs is not mounted"


#: What the capture on the server shows of the client's SYNs, without the kernel's word: whether
#: they came in and were answered, and the fact that the finding about the time-out may have. That
#: it was a reply that was dropped is seen only if the sockets are listed while the half-open
#: connection lives, a second.
ENDS = {
    "security_group_drops_443": (False, False, {""}),
    "network_acl_drops_replies": (True, True, {"answered"}),
    "a_table_of_its_own_drops_443": (True, False, {"dropped_here"}),
    "answers_are_dropped": (True, False, {"dropped_here", "reply_dropped_here"}),
}


@pytest.mark.parametrize("name", ENDS)
def test_the_wire_says_where_packets_are_lost(laboratory: Lab, name: str) -> None:
    laboratory.restore()
    found()[name].apply(laboratory)
    report = look(laboratory, tracing=False)
    observations = report.document["observations"]
    (capture,) = [observation for observation in observations if observation["kind"] == "Capture"]
    (timeout,) = [finding for finding in report.findings if finding["check"] == "tcp.timeout"]
    ends = ("answered", "dropped_here", "reply_dropped_here")
    told = [end for end in ends if timeout["facts"][end]]
    assert capture["control"], str(report)
    came, left = (CLIENT in capture[kind] for kind in ("sources", "answered"))
    has_come, has_left, facts = ENDS[name]
    assert (came, left) == (has_come, has_left), f"{report}\n{capture}"
    assert "".join(told) in facts, f"{report}\n{capture}"
    marks = {
        observation["mss"]
        for observation in observations
        if observation["kind"] == "Connection" and observation.get("mss")
    }
    assert {syn["mss"] for syn in capture["marked"]} <= marks
    assert any(syn["port"] == 443 for syn in capture["marked"]) is came
