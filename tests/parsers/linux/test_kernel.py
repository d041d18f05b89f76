"""What kernels of several ages print: the lines of Debian 13 are the laboratory's own, those of
CentOS 7 and busybox are written after these tools' formats."""

from hypothesis import given
from hypothesis import strategies as st

from diagnose.model.kernel import Counter, MarkedSyn, Queue
from diagnose.parsers.linux import kernel as kernel_parser
from diagnose.parsers.linux.kernel import CapturedPackets, RouteReply

FILES = """\
/proc/sys/net/ipv4/conf/all/rp_filter:0
/proc/sys/net/ipv4/conf/eth0.100/rp_filter:1
/proc/sys/net/netfilter/nf_conntrack_max:262144
/proc/net/netstat:TcpExt: SyncookiesSent ListenOverflows ListenDrops IPReversePathFilter
/proc/net/netstat:TcpExt: 0 12 15 3
/proc/net/netstat:IpExt: InNoRoutes InOctets
/proc/net/netstat:IpExt: 0 6429
/proc/net/stat/nf_conntrack:entries  clashres found insert insert_failed drop early_drop
/proc/net/stat/nf_conntrack:00000005  00000000 00000000 00000000 00000001 0000000a 00000000
/proc/net/stat/nf_conntrack:00000005  00000000 00000000 00000000 00000000 00000010 00000002
"""


def test_files_are_read_apart() -> None:
    read = kernel_parser.file_lines(FILES)
    assert kernel_parser.parse_number(read["/proc/sys/net/netfilter/nf_conntrack_max"]) == 262144
    assert (
        kernel_parser.parse_number(read.get("/proc/sys/net/netfilter/nf_conntrack_count")) is None
    )
    assert kernel_parser.reverse_path(read) == (("all", 0), ("eth0.100", 1))


def test_interfaces_without_ipv6() -> None:
    conf = "/proc/sys/net/ipv6/conf"
    read = kernel_parser.file_lines(f"{conf}/all/disable_ipv6:1\n{conf}/eth0/disable_ipv6:1\n")
    assert kernel_parser.ipv6_off(read) == ("all", "eth0")
    read = kernel_parser.file_lines(f"{FILES}/proc/sys/net/ipv6:absent\n")
    assert kernel_parser.ipv6_off(read) == ("*",)
    assert kernel_parser.ipv6_off(kernel_parser.file_lines(FILES)) == ()


def test_counters_are_named_and_those_of_each_processor_added() -> None:
    assert kernel_parser.counters(kernel_parser.file_lines(FILES)) == (
        Counter("ListenOverflows", 12),
        Counter("ListenDrops", 15),
        Counter("IPReversePathFilter", 3),
        Counter("conntrack insert_failed", 1),
        Counter("conntrack drop", 26),
        Counter("conntrack early_drop", 2),
    )


def test_a_kernel_without_connection_tracking_has_no_such_counters() -> None:
    text = "/proc/net/netstat:TcpExt: ListenOverflows\n/proc/net/netstat:TcpExt: 1\n"
    assert kernel_parser.counters(kernel_parser.file_lines(text)) == (
        Counter("ListenOverflows", 1),
    )


def test_sections_begin_with_their_names() -> None:
    text = "profile says hello\n@ files\na:1\n@ half-open\n@ queues\nx\n"
    assert kernel_parser.split_sections(text) == {
        "files": "a:1\n",
        "half-open": "",
        "queues": "x\n",
    }


def test_queues_of_a_new_and_of_an_old_ss() -> None:
    new = """\
State  Recv-Q Send-Q Local Address:Port Peer Address:Port Process
LISTEN 3      2            0.0.0.0:443       0.0.0.0:*
LISTEN 0      4096   127.0.0.53%lo:53        0.0.0.0:*
LISTEN 0      511             [::]:443          [::]:*
"""
    assert kernel_parser.queues(new) == (
        Queue("0.0.0.0", 443, 3, 2),
        Queue("127.0.0.53", 53, 0, 4096),
        Queue("::", 443, 0, 511),
    )
    old = """\
State      Recv-Q Send-Q Local Address:Port               Peer Address:Port
LISTEN     0      128          *:22                       *:*
LISTEN     129    128         :::443                     :::*
"""
    assert kernel_parser.queues(old) == (Queue("*", 22, 0, 128), Queue("::", 443, 129, 128))


def test_queues_of_the_kernel_itself_have_no_limit() -> None:
    text = """\
   0: 00000000:01BB 00000000:0000 0A 00000000:00000003 00:00000000 00000000 0 0 269562 1 0 100
   0: 00000000000000000000000001000000:01BB 0:0 0A 00000000:00000000 00:00000000 0 0 0 1 1 0 100
"""
    first, second = kernel_parser.queues(text)
    assert first == Queue("0.0.0.0", 443, 3)
    assert second == Queue("::1", 443, 0)
    assert not first.full


def test_a_queue_is_full_where_one_more_waits_than_may() -> None:
    assert Queue("0.0.0.0", 443, 3, 2).full
    assert not Queue("0.0.0.0", 443, 2, 2).full


def test_tcpdump_of_several_ages_names_the_senders_of_syns() -> None:
    text = """\
eth0  In  IP 198.51.100.10.51234 > 203.0.113.10.443: Flags [S], seq 1, win 64240, length 0
IP 198.51.100.10.51234 > 203.0.113.10.443: Flags [S], seq 1, win 64240, options [mss 1460], length 0
IP6 2001:db8:1::10.40000 > 2001:db8:2::10.443: Flags [SEW], seq 1, win 64800, length 0
IP 2001:db8:1:0:0:0:0:11.57082 > server.443: Flags [S]
IP 203.0.113.10.443 > 198.51.100.10.51234: Flags [R.], seq 0, ack 2, win 0, length 0
"""
    senders = ("198.51.100.10", "2001:db8:1::10", "2001:db8:1::11")
    packets = kernel_parser.captured_packets(text, 500, 443)
    assert packets == CapturedPackets(senders, reset=("198.51.100.10",))
    assert not kernel_parser.captured_packets(text, 5, 443).complete
    assert not kernel_parser.captured_packets("gave up\n", 500, 443).complete
    assert kernel_parser.captured_packets("", 500, 443) == CapturedPackets()


def test_what_leaves_the_server_and_what_marks_a_syn() -> None:
    text = """\
eth0  In  IP 198.51.100.1.40000 > 203.0.113.10.22: Flags [S], seq 1, options [mss 1111,sackOK], x
IP 198.51.100.1.40001 > 203.0.113.10.443: Flags [S], seq 1, options [mss 1111,sackOK], length 0
IP 198.51.100.9.40001 > 203.0.113.10.22: Flags [S], seq 1, options [mss 1460,sackOK], length 0
eth0  Out IP 203.0.113.10.443 > 198.51.100.1.40001: Flags [S.], seq 0, ack 2, options [mss 1460]
eth0  Out IP 203.0.113.10 > 198.51.100.2: ICMP 203.0.113.10 tcp port 443 unreachable, length 68
IP 203.0.113.10 > 198.51.100.3: ICMP host 203.0.113.10 unreachable - admin prohibited filter, x
IP6 2001:db8:2::10 > 2001:db8:1::10: ICMP6, destination unreachable, unreachable prohibited x
IP 203.0.113.10 > 198.51.100.4: ICMP unreachable
control: ssh
"""
    packets = kernel_parser.captured_packets(text, 500, 443)
    assert packets.sources == ("198.51.100.1",)
    assert packets.marked == (
        MarkedSyn("198.51.100.1", 22, 1111),
        MarkedSyn("198.51.100.1", 443, 1111),
    )
    assert packets.answered == ("198.51.100.1",)
    assert packets.rejected == ("198.51.100.2", "198.51.100.3", "2001:db8:1::10", "198.51.100.4")
    assert packets.control


def test_half_open_connections_of_a_new_and_of_an_old_ss() -> None:
    new = """\
Recv-Q Send-Q Local Address:Port   Peer Address:Port
0      0       203.0.113.10:443   198.51.100.10:38044
0      0      [::ffff:203.0.113.10]:443 [::ffff:198.51.100.11]:38046
"""
    assert kernel_parser.half_open(new) == ("198.51.100.10", "198.51.100.11")
    old = "SYN-RECV 0 0 203.0.113.10:443 198.51.100.10:38044\n"
    assert kernel_parser.half_open(old) == ("198.51.100.10",)


def test_the_far_end_of_the_session() -> None:
    assert kernel_parser.ssh_client("198.51.100.10 45746 203.0.113.10 22\n") == "198.51.100.10"
    assert kernel_parser.ssh_client("fe80::1%eth0 45746 fe80::2%eth0 22\n") == "fe80::1"
    assert kernel_parser.ssh_client("\n") == ""


def test_what_the_kernel_would_do_with_a_packet() -> None:
    text = """\
? 198.41.0.4 192.0.2.10 eth1
RTNETLINK answers: Invalid cross-device link
? 198.41.0.4 203.0.113.10 eth0
local 203.0.113.10 from 198.41.0.4 dev lo
    cache <local> iif eth0
? 198.41.0.4 203.0.113.11 eth0
ip: unknown argument
"""
    assert kernel_parser.route_replies(text) == (
        RouteReply("198.41.0.4", "192.0.2.10", "eth1", "Invalid cross-device link"),
        RouteReply("198.41.0.4", "203.0.113.10", "eth0"),
    )


def test_over_ipv6_the_way_back_must_be_by_the_same_interface() -> None:
    said = "2001:503:ba3e::2:30 from 2001:db8:9::10 via 2001:db8:2::1 dev eth0 metric 1024\n"
    text = f"? 2001:503:ba3e::2:30 2001:db8:9::10 eth1\n{said}"
    assert [route_reply.complaint for route_reply in kernel_parser.route_replies(text)] == [
        "dev eth0"
    ]
    assert [one.complaint for one in kernel_parser.route_replies(text.replace("eth1", "eth0"))] == [
        ""
    ]


def test_a_clock_that_follows_others_says_so_in_every_age() -> None:
    assert kernel_parser.synchronized("NTP=yes\nNTPSynchronized=yes\nTimeUSec=x\n") is True
    assert kernel_parser.synchronized("     NTP enabled: yes\nNTP synchronized: no\n") is False
    assert kernel_parser.synchronized("System clock synchronized: yes\n") is True
    assert kernel_parser.synchronized("Stratum         : 3\nLeap status     : Normal\n") is True
    assert kernel_parser.synchronized("Leap status     : Not synchronised\n") is False
    assert kernel_parser.synchronized("") is None


@given(st.text(st.sampled_from("LISTEN 0A:[]ff.\n@? dev>IPFlags-")))
def test_no_text_breaks_it(text: str) -> None:
    kernel_parser.queues(text)
    kernel_parser.half_open(text)
    kernel_parser.captured_packets(text, 9, 443)
    kernel_parser.route_replies(text)
    kernel_parser.split_sections(text)
    kernel_parser.counters(kernel_parser.file_lines(text))
