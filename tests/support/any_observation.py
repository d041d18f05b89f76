"""Hypothesis' values of each kind of observation."""

import contextlib

from hypothesis import strategies as st

from diagnose.model import Observation
from diagnose.model.nginx import Directive
from diagnose.recording.codec import observation_kinds


def any_observation(kind: str) -> st.SearchStrategy[Observation]:
    """Return a strategy for the values of a kind, by its name.

    Hypothesis reads the fields of a class that refers to itself from its `__init__`. That of
    `Directive` is compiled late, or at a call that does not fit (`diagnose.model.frozen`): here, so
    that no test depends on those before it.
    """
    with contextlib.suppress(TypeError):
        Directive()  # type: ignore[call-arg]
    return st.from_type(observation_kinds()[kind])
