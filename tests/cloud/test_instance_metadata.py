import asyncio
import re

from diagnose.cloud.instance_metadata import described_instance
from diagnose.model.cloud import CloudInstance

ITEMS = {
    "instance-id": "i-0123456789abcdef0",
    "placement/region": "eu-west-1",
    "local-ipv4": "10.0.0.4",
    "public-ipv4": "203.0.113.10",
}


def described(**other: str) -> CloudInstance | None:
    items = ITEMS | {name.replace("_", "-"): value for name, value in other.items()}

    async def value(item: str) -> str:
        return items[item]

    patterns = re.compile(r"i-[0-9a-f]{17}"), re.compile(r"[a-z]{2}-[a-z]+-\d")
    return asyncio.run(described_instance("aws", value, *patterns))


def test_an_instance_is_read_of_its_items() -> None:
    instance = described()
    assert instance is not None
    assert (instance.id, instance.region) == ("i-0123456789abcdef0", "eu-west-1")
    assert str(instance.private_address) == "10.0.0.4"
    assert [str(address) for address in instance.public_addresses] == ["203.0.113.10"]


def test_an_instance_without_a_public_address_has_none() -> None:
    instance = described(public_ipv4="")
    assert instance is not None
    assert instance.public_addresses == ()


def test_what_another_service_answers_is_no_instance() -> None:
    assert described(instance_id="<html>Not found</html>") is None
