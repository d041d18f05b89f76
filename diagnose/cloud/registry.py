"""Finds the providers: our own, and those that other packages install.

Another package adds one with an entry point of the group `diagnose.providers`. Its name is the
provider's, and it leads to a class without arguments. One that cannot be imported is reported and
stops nothing.
"""

import importlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from diagnose.cloud.provider import Provider

GROUP = "diagnose.providers"

#: Our own, each imported only when it is asked for. They need no installation to be found.
OWN = {
    "aliyun-ecs": "diagnose.cloud.aliyun.ecs:AliyunEcs",
    "aliyun-swas": "diagnose.cloud.aliyun.swas:AliyunSwas",
    "aws-ec2": "diagnose.cloud.aws.ec2:AwsEc2",
    "tencent-cvm": "diagnose.cloud.tencent.cvm:TencentCvm",
    "tencent-lighthouse": "diagnose.cloud.tencent.lighthouse:TencentLighthouse",
}

#: What a provider that cannot be used is reported to: its name, and the reason.
Complaint = Callable[[str, str], None]


def _ignore(_name: str, _reason: str) -> None:
    return None


def provider(name: str, complain: Complaint = _ignore) -> "Provider | None":
    """Return the provider of a name, None if there is none that can be used."""
    if name in OWN:
        return _loaded(name, lambda: _own(OWN[name]), complain)
    return next((candidate for candidate in installed(complain) if candidate.name == name), None)


def installed(complain: Complaint = _ignore) -> "tuple[Provider, ...]":
    """Return the providers that other packages install."""
    from importlib.metadata import entry_points

    loaded = (
        _loaded(entry.name, entry.load, complain)
        for entry in entry_points(group=GROUP)
        if entry.name not in OWN
    )
    return tuple(filter(None, loaded))


def own_providers(complain: Complaint = _ignore) -> "tuple[Provider, ...]":
    """Return all of our own providers."""
    return tuple(filter(None, (provider(name, complain) for name in OWN)))


def _own(path: str) -> Any:
    module, _, name = path.partition(":")
    return getattr(importlib.import_module(module), name)


def _loaded(name: str, load: Callable[[], Any], complain: Complaint) -> "Provider | None":
    try:
        return cast("Provider", load()())
    except Exception as error:
        # Whatever another package does while it is imported is no reason to end the run.
        complain(name, f"{type(error).__name__}: {error}")
        return None
