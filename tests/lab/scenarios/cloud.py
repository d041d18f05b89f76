"""A server at Alibaba Cloud: the router plays the security group, and a mock of the provider's API
says its rules. The mock has the API's real name and a certificate for it, and the metadata service
its real address; only what the firmware says is laid over /sys."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.support import aliyun_mock
from tests.support.aliyun_state import CONSOLE_DEFAULT, INSTANCE, REGION, rule, state

from .. import certificates
from ..hosts import Host
from ..lab import FILES, ROUTER, SERVER, Lab
from ..scenario import healthy, scenario
from .addresses import PRIVATE, PUBLIC, translated
from .tcp import CONSOLE

ASKED = ("--cloud",)
DROP = "tcp dport 443 drop"
METADATA = "100.100.100.200"
NAMES = [aliyun_mock.host_of(product, REGION) for product in ("ecs", "vpc", "swas")]
WRAPPER = "/usr/local/bin/diagnose"
ENVIRONMENT = (
    f"export ALIBABA_CLOUD_ACCESS_KEY_ID={aliyun_mock.KEY_ID}"
    f" ALIBABA_CLOUD_ACCESS_KEY_SECRET={aliyun_mock.SECRET} ALIBABA_CLOUD_REGION_ID={REGION}"
    " http_proxy=http://127.0.0.1:9 no_proxy=.aliyuncs.com,.example.com\n"
)
ITEMS = {"instance-id": INSTANCE, "region-id": REGION, "private-ipv4": SERVER, "eipv4": SERVER}
#: A group that somebody made for a web site before it had a certificate.
HTTP_ONLY = [*CONSOLE_DEFAULT, rule("sgr-80", "80/80")]


def on_aliyun(lab: Lab, answers: Mapping[str, Any], **items: str) -> None:
    """The firmware, the metadata service, the API, and a key on both machines."""
    firmware(lab)
    metadata(lab, items or ITEMS)
    leaf = certificates.leaf(*NAMES)
    lab.router.write(f"{FILES}/api.pem", leaf.chain)
    lab.router.write(f"{FILES}/api.key", leaf.key_pem, 0o600)
    files = (f"{FILES}/api.pem", f"{FILES}/api.key")
    _serve(lab, "api", answers, 443, *files, ROUTER[0])
    for host in (lab.client, lab.server):
        host.write("/etc/hosts", f"{host.read('/etc/hosts')}{ROUTER[0]} {' '.join(NAMES)}\n")
        _give_key(lab, host)


def metadata(lab: Lab, items: Mapping[str, str]) -> None:
    """The metadata service, at its real address."""
    lab.router.sh(f"ip addr add {METADATA}/32 dev eth1")
    lab.undo(lambda: lab.router.sh(f"ip addr del {METADATA}/32 dev eth1", check=False))
    _serve(lab, "metadata", {"items": items}, 80, METADATA)


def firmware(lab: Lab) -> None:
    """This machine may have no firmware to read: /sys/class is copied, with one folder more."""
    lab.server.sh("""
        set -e
        rm -rf /run/class
        cp -a /sys/class /run/class || :  # not every file there can be read
        mkdir -p /run/class/dmi/id
        echo 'Alibaba Cloud' > /run/class/dmi/id/sys_vendor
        echo 'Alibaba Cloud ECS' > /run/class/dmi/id/product_name
        mount --bind /run/class /sys/class
    """)
    lab.undo(lambda: lab.server.sh("umount /sys/class; rm -rf /run/class"))


def _serve(lab: Lab, kind: str, answers: Mapping[str, Any], port: int, *more: str) -> None:
    path = f"{FILES}/{kind}.json"
    lab.router.write(path, json.dumps(answers))
    argv = lab.router.python(str(Path(aliyun_mock.__file__)), kind, path, *more)
    lab.spawn(lab.router, argv, port)


def _give_key(lab: Lab, host: Host) -> None:
    """In the environment; with a proxy for http, which the metadata must not be asked by."""
    text = host.read(WRAPPER)
    first, _, rest = text.partition("\n")
    host.write(WRAPPER, f"{first}\n{ENVIRONMENT}{rest}", 0o755)
    lab.undo(lambda: host.write(WRAPPER, text, 0o755))


def ecs(
    *rules: dict[str, Any], private: str = SERVER, public: str = SERVER, **more: Any
) -> dict[str, Any]:
    """An instance that has the server's address."""
    answers = state(*rules, **more)
    answers["instances"] = [{"id": INSTANCE, "eip": public, "private": private}]
    answers["interfaces"][0] |= {
        "PrivateIpAddress": private,
        "AssociatedPublicIp": {"PublicIpAddress": public},
    }
    return answers


#: What the metadata service says of a server behind the translation of an elastic address.
TRANSLATED = {
    "instance-id": INSTANCE, "region-id": REGION, "private-ipv4": PRIVATE, "eipv4": PUBLIC,
}  # fmt: skip


@scenario(outside="cloud.security-group-closed", args=ASKED, manual=CONSOLE)
def security_group_without_443(lab: Lab) -> None:
    """nginx and the certificate are right, and nobody opened 443 in the security group.

    After a blog about HTTPS on Alibaba Cloud ECS ("`telnet $server_ip 443` returns …"): the rules
    for 22, 80, 3389 and ping are there.
    """
    lab.cloud(DROP)
    on_aliyun(lab, ecs(*HTTP_ONLY))


@scenario(outside="cloud.security-group-denies", args=ASKED, manual=CONSOLE)
def security_group_with_a_drop_before_the_accept(lab: Lab) -> None:
    """A rule for 443 was added below one that drops everything.

    After questions in the vendor's community ("the port is open in the security group, and telnet
    times out").
    """
    lab.cloud(DROP)
    drop = rule("sgr-drop", "443/443", "Drop", Priority="10")
    on_aliyun(lab, ecs(*CONSOLE_DEFAULT, drop, rule("sgr-443", "443/443", Priority="100")))


@scenario(outside="cloud.security-group-detached", args=ASKED, manual=CONSOLE)
def security_group_that_nobody_attached(lab: Lab) -> None:
    """A new group has the rule for 443, and the instance was never put into it: the last step of
    the guide was left out."""
    lab.cloud(DROP)
    answers = ecs(*HTTP_ONLY)
    answers["groups"]["sg-https"] = {"name": "https", "Permissions": [rule("ok", "443/443")]}
    on_aliyun(lab, answers)


@scenario(outside="cloud.network-acl-denies", args=ASKED, manual=CONSOLE)
def network_acl_without_replies(lab: Lab) -> None:
    """The ACL of the subnet admits the port and not the replies: it keeps no state."""
    lab.cloud("tcp sport 443 drop")
    entry = {"Policy": "accept", "Protocol": "tcp", "Port": "443/443"}
    acl = {
        "IngressAclEntries": {"IngressAclEntry": [entry | {"SourceCidrIp": "0.0.0.0/0"}]},
        "EgressAclEntries": {"EgressAclEntry": [entry | {"DestinationCidrIp": "0.0.0.0/0"}]},
    }
    more: dict[str, Any] = {"switches": {"vsw-1": "nacl-1"}, "acls": {"nacl-1": acl}}
    on_aliyun(lab, ecs(rule("ok", "443/443"), **more))


@scenario(outside="cloud.instance-firewall-closed", args=ASKED, manual=CONSOLE)
def simple_application_server_without_443(lab: Lab) -> None:
    """A Simple Application Server has a firewall and no security group; 443 was removed there."""
    lab.cloud(DROP)
    rules = [
        {"RuleId": name, "RuleProtocol": "TCP", "Port": port, "SourceCidrIp": "0.0.0.0/0"}
        for name, port in (("f22", "22"), ("f80", "80"))
    ]
    server = {"id": INSTANCE, "public": SERVER, "private": SERVER, "rules": rules}
    on_aliyun(lab, {"swas": [server]})


@scenario(
    outside="tcp.timeout",
    server=None,
    both="cloud.dropped-elsewhere",
    args=ASKED,
    manual=CONSOLE,
)
def something_else_drops_what_the_group_admits(lab: Lab) -> None:
    """A cloud firewall, which the security group's API knows nothing of."""
    lab.cloud(DROP)
    on_aliyun(lab, ecs(rule("ok", "443/443")))


@scenario(outside="tcp.timeout", server=None, both="tcp.never-arrives", args=ASKED, manual=CONSOLE)
def key_that_may_read_nothing(lab: Lab) -> None:
    """The API refuses: what it would have said is unknown, and is not guessed."""
    lab.cloud(DROP)
    names = ("DescribeInstances", "DescribeNetworkInterfaces")
    errors = {name: [403, "Forbidden.RAM", 99] for name in names}
    on_aliyun(lab, ecs(*HTTP_ONLY, errors=errors))


@healthy(args=ASKED)
def security_group_with_odd_rules(lab: Lab) -> None:
    """It works: a range of ports, a later drop for all, a network that is kept out on purpose."""
    rules = (
        rule("bad", "-1/-1", "Drop", IpProtocol="ALL", SourceCidrIp="192.0.2.0/24"),
        rule("range", "1/1024", IpProtocol="tcp", Priority="5"),
        rule("rest", "-1/-1", "drop", IpProtocol="all", Priority="100"),
    )
    on_aliyun(lab, ecs(*rules))


@scenario(outside="cloud.security-group-closed", args=ASKED, manual=CONSOLE)
def elastic_address_before_a_group_without_443(lab: Lab) -> None:
    """The usual server: a private address on its card, and an elastic one that it knows nothing
    of."""
    translated(lab)
    lab.cloud(DROP)
    on_aliyun(lab, ecs(*HTTP_ONLY, private=PRIVATE, public=PUBLIC), **TRANSLATED)


@scenario(
    outside="tcp.timeout", server=None, both="tcp.never-arrives", manual=CONSOLE, unsure=("server",)
)
def elastic_address_without_a_word_of_the_cloud(lab: Lab) -> None:
    """The same without --cloud: the API is not asked, and nothing is guessed."""
    translated(lab)
    lab.cloud(DROP)
    on_aliyun(lab, ecs(*HTTP_ONLY, private=PRIVATE, public=PUBLIC), **TRANSLATED)


@scenario(
    outside="tcp.timeout", server=None, both="cloud.no-public-address", manual=CONSOLE,
    unsure=("server",),
)  # fmt: skip
def elastic_address_that_was_released(lab: Lab) -> None:
    """The address of the record belongs to nobody any more, and the instance has no other."""
    translated(lab)
    lab.cloud(f"ct original ip daddr {PUBLIC} drop")
    items = {name: value for name, value in TRANSLATED.items() if name != "eipv4"}
    on_aliyun(lab, ecs(*HTTP_ONLY), **items)


@healthy()
def server_of_the_cloud_that_works(lab: Lab) -> None:
    """A closed group in the API's words, and a site that works: nobody asks, nothing is said."""
    translated(lab)
    on_aliyun(lab, ecs(*HTTP_ONLY, private=PRIVATE, public=PUBLIC), **TRANSLATED)
