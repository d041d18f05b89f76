"""The cloud that the firmware names."""

import pytest

from diagnose.cloud.firmware import CLOUDS, cloud_of
from diagnose.cloud.provider import Dmi

AZURE_TAG = "7783-7084-3265-9085-8269-3286-77"


@pytest.mark.parametrize(
    ("dmi", "name"),
    [
        (Dmi(product_name="Alibaba Cloud ECS"), "aliyun"),
        (Dmi("Alibaba Cloud"), "aliyun"),
        (Dmi("Tencent Cloud", "CVM"), "tencent"),
        (Dmi("Amazon EC2", "t3.micro"), "aws"),
        (Dmi("Xen", "HVM domU", bios_vendor="Amazon EC2"), "aws"),
        (Dmi("Microsoft Corporation", "Virtual Machine", AZURE_TAG), "azure"),
        (Dmi("Google", "Google Compute Engine"), "google"),
        (Dmi("OpenStack Foundation", "Nova", "HUAWEICLOUD"), "huawei"),
        (Dmi("Microsoft Corporation", "Virtual Machine", "1234"), ""),
        (Dmi("QEMU", "Standard PC (i440FX + PIIX, 1996)"), ""),
        (Dmi("Dell Inc.", "PowerEdge R640"), ""),
        (Dmi(), ""),
    ],
)
def test_the_cloud_of_a_machine(dmi: Dmi, name: str) -> None:
    cloud = cloud_of(dmi)
    assert (cloud.name if cloud else "") == name


def test_every_console_is_a_page_of_the_provider() -> None:
    assert all(cloud.console.startswith("https://") for cloud in CLOUDS)
