"""Names the cloud from what the firmware says (/sys/class/dmi/id), and its providers.

A machine of no cloud pays for four small files and for nothing else: no provider is imported, and
nothing is sent. Sources: cloud-init's ds-identify, and the vendors' documents.
"""

from diagnose.model.frozen import frozen


@frozen
class Dmi:
    """What the firmware says about the machine (/sys/class/dmi/id), "" for what is not there."""

    sys_vendor: str = ""
    product_name: str = ""
    chassis_asset_tag: str = ""
    bios_vendor: str = ""


@frozen
class Cloud:
    """A cloud, and the providers whose rules may stand in front of its machines, in the order in
    which they are asked. Without providers, only the console is named."""

    name: str
    title: str
    console: str
    providers: tuple[str, ...] = ()


ALIYUN = Cloud(
    "aliyun",
    "Alibaba Cloud",
    "https://ecs.console.aliyun.com/securityGroup",
    ("aliyun-ecs", "aliyun-swas"),
)
TENCENT = Cloud(
    "tencent",
    "Tencent Cloud",
    "https://console.cloud.tencent.com/vpc/securitygroup",
    ("tencent-cvm", "tencent-lighthouse"),
)
AWS = Cloud(
    "aws",
    "Amazon EC2",
    "https://console.aws.amazon.com/ec2/home#SecurityGroups:",
    ("aws-ec2",),
)
AZURE = Cloud(
    "azure",
    "Microsoft Azure",
    "https://portal.azure.com/#browse/Microsoft.Network%2FNetworkSecurityGroups",
)
GOOGLE = Cloud(
    "google", "Google Cloud", "https://console.cloud.google.com/networking/firewalls/list"
)
HUAWEI = Cloud("huawei", "Huawei Cloud", "https://console.huaweicloud.com/vpc/")

CLOUDS = (ALIYUN, TENCENT, AWS, AZURE, GOOGLE, HUAWEI)

#: Hyper-V has the same vendor everywhere; only machines of Azure have this tag.
_AZURE_TAG = "7783-7084-3265-9085-8269-3286-77"


def cloud_of(dmi: Dmi) -> Cloud | None:
    """Return the cloud that the firmware names, None for none that is known."""
    vendor, product = dmi.sys_vendor.strip(), dmi.product_name.strip()
    tag, bios = dmi.chassis_asset_tag.strip(), dmi.bios_vendor.strip()
    if product == "Alibaba Cloud ECS" or vendor == "Alibaba Cloud":
        return ALIYUN
    if vendor == "Tencent Cloud":
        return TENCENT
    if vendor == "Amazon EC2" or bios == "Amazon EC2":
        return AWS
    if tag == _AZURE_TAG:
        return AZURE
    if product == "Google Compute Engine" or vendor == "Google":
        return GOOGLE
    if tag == "HUAWEICLOUD" or vendor == "Huawei Cloud":
        return HUAWEI
    return None
