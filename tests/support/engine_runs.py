"""Runs of the engine with the probes of a test."""

import sys
from dataclasses import replace
from types import ModuleType

import pytest

from diagnose import engine
from diagnose.model import Side
from diagnose.probes import Probe


def install_probes(
    monkeypatch: pytest.MonkeyPatch, *outside: Probe, inside: tuple[Probe, ...] = ()
) -> None:
    """Let a run have these probes in place of the real ones, outside and inside."""
    for side, probes in ((Side.OUTSIDE, outside), (Side.INSIDE, inside)):
        module = ModuleType("only_these")
        names = {
            f"probe_{number}": replace(probe, side=side) for number, probe in enumerate(probes)
        }
        vars(module).update(names)
        monkeypatch.setitem(sys.modules, f"diagnose.probes.{side}.only_these", module)
    monkeypatch.setattr(engine, "OUTSIDE", ("only_these",))
    monkeypatch.setattr(engine, "INSIDE", ("only_these",))
