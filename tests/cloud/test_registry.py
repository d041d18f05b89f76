"""Providers: our own, those of other packages, and those that cannot be used."""

import importlib.metadata
from importlib.metadata import EntryPoint

import pytest

from diagnose.cloud import registry
from diagnose.cloud.aliyun.ecs import AliyunEcs
from diagnose.cloud.firmware import CLOUDS
from diagnose.cloud.provider import Provider


class Other(AliyunEcs):
    name = "other"


class Raising:
    def __init__(self) -> None:
        raise RuntimeError("no\x1b licence")


def install(monkeypatch: pytest.MonkeyPatch, **paths: str) -> list[tuple[str, str]]:
    """Let other packages install these providers. Returns what will be complained of."""
    entries = [EntryPoint(name, path, registry.GROUP) for name, path in paths.items()]

    def entry_points(*, group: str) -> list[EntryPoint]:
        assert group == "diagnose.providers"
        return entries

    monkeypatch.setattr(importlib.metadata, "entry_points", entry_points)
    return []


def names(complaints: list[tuple[str, str]]) -> list[str]:
    def complain(name: str, reason: str) -> None:
        complaints.append((name, reason))

    return [each.name for each in registry.installed(complain)]


def test_our_own_are_what_they_are_called() -> None:
    assert [provider.name for provider in registry.own_providers()] == list(registry.OWN)


def test_every_provider_of_a_cloud_is_there() -> None:
    wanted = {name for cloud in CLOUDS for name in cloud.providers}
    assert wanted == set(registry.OWN)


def test_our_own_only_read() -> None:
    for provider in registry.own_providers():
        for action in provider.actions:
            assert action.partition(":")[2].startswith(("Describe", "List", "Get")), action


def test_another_package_adds_one(monkeypatch: pytest.MonkeyPatch) -> None:
    complaints = install(monkeypatch, other=f"{Other.__module__}:Other")
    assert names(complaints) == ["other"]
    module: Provider | None = registry.provider("other")
    assert module is not None


def test_one_that_cannot_be_used_is_complained_of_and_the_others_stay(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    module = Other.__module__
    complaints = install(
        monkeypatch,
        missing="no_such_module_at_all:Provider",
        raising=f"{module}:Raising",
        other=f"{module}:Other",
    )
    assert names(complaints) == ["other"]
    assert [name for name, _ in complaints] == ["missing", "raising"]


def test_nobody_takes_the_place_of_our_own(monkeypatch: pytest.MonkeyPatch) -> None:
    complaints = install(monkeypatch, **{"aliyun-ecs": f"{Other.__module__}:Raising"})
    assert names(complaints) == []
    assert isinstance(registry.provider("aliyun-ecs"), AliyunEcs)
    assert complaints == []
