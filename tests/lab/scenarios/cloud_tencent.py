"""A server at Tencent Cloud: as in `cloud.py`, with the API and the metadata of Tencent."""

from typing import Any

from diagnose.cloud.tencent.metadata import BASE
from tests.support import fake_tencent, tencent_server

from .. import certificates
from ..lab import FILES, ROUTER, SERVER, Lab
from ..scenario import healthy, scenario
from .cloud import ASKED, DROP, give_key, lay_firmware, serve
from .tcp import CONSOLE

METADATA = "169.254.0.23"
REGION = "ap-guangzhou"
NAMES = [f"{service}.tencentcloudapi.com" for service in ("cvm", "vpc", "lighthouse")]
ENVIRONMENT = (
    f"export TENCENTCLOUD_SECRET_ID={fake_tencent.KEY_ID}"
    f" TENCENTCLOUD_SECRET_KEY={fake_tencent.SECRET} TENCENTCLOUD_REGION={REGION}"
    " http_proxy=http://127.0.0.1:9 no_proxy=.tencentcloudapi.com,.example.com\n"
)
CVM, LIGHTHOUSE = "ins-1a2b3c4d", "lhins-1a2b3c4d"


def on_tencent(lab: Lab, instance: str, answers: dict[str, Any]) -> None:
    """The firmware, the metadata service, the API, and a key on both machines."""
    lay_firmware(lab, "Tencent Cloud", "CVM")
    lab.router.sh(f"ip addr add {METADATA}/32 dev eth1")
    lab.undo(lambda: lab.router.sh(f"ip addr del {METADATA}/32 dev eth1", check=False))
    items = {
        "instance-id": instance,
        "placement/region": REGION,
        "local-ipv4": SERVER,
        "public-ipv4": SERVER,
    }
    serve(lab, tencent_server, "metadata", {"base": BASE, "items": items}, 80, METADATA)
    leaf = certificates.leaf(*NAMES)
    lab.router.write(f"{FILES}/api.pem", leaf.chain)
    lab.router.write(f"{FILES}/api.key", leaf.key_pem, 0o600)
    files = (f"{FILES}/api.pem", f"{FILES}/api.key")
    serve(lab, tencent_server, "api", answers, 443, *files, ROUTER[0])
    for host in (lab.client, lab.server):
        host.write("/etc/hosts", f"{host.read('/etc/hosts')}{ROUTER[0]} {' '.join(NAMES)}\n")
        give_key(lab, host, ENVIRONMENT)


def rule(
    port: str, action: str = "ACCEPT", source: str = "0.0.0.0/0", **more: Any
) -> dict[str, Any]:
    return {"Protocol": "TCP", "Port": port, "CidrBlock": source, "Action": action, **more}


def cvm(first: list[dict[str, Any]], second: list[dict[str, Any]]) -> dict[str, Any]:
    """An instance with two groups, in this order."""
    return {
        "rows": {
            "cvm:DescribeInstances": [
                {
                    "InstanceId": CVM,
                    "PrivateIpAddresses": [SERVER],
                    "PublicIpAddresses": [SERVER],
                    "SecurityGroupIds": ["sg-first", "sg-second"],
                }
            ],
            "vpc:DescribeNetworkInterfaces": [
                {
                    "NetworkInterfaceId": "eni-1",
                    "VpcId": "vpc-1",
                    "SubnetId": "subnet-1",
                    "Primary": True,
                    "GroupSet": ["sg-first", "sg-second"],
                    "PrivateIpAddressSet": [
                        {"PrivateIpAddress": SERVER, "PublicIpAddress": SERVER}
                    ],
                    "Attachment": {"InstanceId": CVM},
                }
            ],
            "vpc:DescribeSubnets": [{"SubnetId": "subnet-1", "NetworkAclId": ""}],
            "vpc:DescribeSecurityGroups": [],
        },
        "policies": {
            name: {"Ingress": [{"PolicyIndex": index, **row} for index, row in enumerate(rows)]}
            for name, rows in (("sg-first", first), ("sg-second", second))
        },
    }


def lighthouse(*rows: dict[str, Any]) -> dict[str, Any]:
    return {
        "rows": {
            "lighthouse:DescribeInstances": [
                {
                    "InstanceId": LIGHTHOUSE,
                    "PrivateAddresses": [SERVER],
                    "PublicAddresses": [SERVER],
                }
            ],
            "lighthouse:DescribeFirewallRules": list(rows),
        }
    }


@scenario(outside="cloud.security-group-closed", args=ASKED, manual=CONSOLE)
def tencent_groups_without_443(lab: Lab) -> None:
    """Neither group opens 443: the template of the console was for a web site without TLS."""
    lab.cloud(DROP)
    on_tencent(lab, CVM, cvm([rule("22")], [rule("80"), rule("8000-8443")]))


@scenario(outside="cloud.security-group-denies", args=ASKED, manual=CONSOLE)
def tencent_drop_in_the_first_group(lab: Lab) -> None:
    """The first group ends with a rule that drops all, so that the second one is never asked.

    After the vendor's own words: groups are matched one after the other, in the order of their
    binding.
    """
    lab.cloud(DROP)
    rest = {**rule("ALL", "DROP"), "Protocol": "ALL"}
    on_tencent(lab, CVM, cvm([rule("22"), rest], [rule("80,443")]))


@scenario(outside="cloud.instance-firewall-closed", args=ASKED, manual=CONSOLE)
def lighthouse_without_443(lab: Lab) -> None:
    """A Lighthouse instance has a firewall and no security group; its rules are two pages long,
    and 443 was taken out."""
    lab.cloud(DROP)
    others = [rule(str(port), source="192.0.2.0/24") for port in range(9000, 9150)]
    on_tencent(lab, LIGHTHOUSE, lighthouse(rule("22"), rule("80"), *others))


@healthy(args=ASKED)
def tencent_groups_with_odd_rules(lab: Lab) -> None:
    """It works: a list of ports, a network that is kept out on purpose, and a drop that comes too
    late."""
    blocked = rule("ALL", "DROP", "192.0.2.0/24", Protocol="ALL")
    late = rule("443", "DROP")
    on_tencent(lab, CVM, cvm([blocked, rule("80,443"), late], []))


@healthy(args=ASKED)
def lighthouse_with_443_on_the_second_page(lab: Lab) -> None:
    """It works: the rule is the last of two pages."""
    others = [rule(str(port)) for port in range(9000, 9120)]
    on_tencent(lab, LIGHTHOUSE, lighthouse(*others, rule("443")))
