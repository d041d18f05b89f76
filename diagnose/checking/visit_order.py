"""Which of several root causes stops visitors first. No I/O.

Causes of the layers `nginx` and `server` are read from configurations, which are the same whichever
way a visitor takes. What follows from them shows where visitors meet them: a rule that refuses a
path is met after the handshake, so a certificate that browsers refuse comes before it.
"""

from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping
from itertools import groupby

#: The layers in which a visitor gets an answer, and those whose place their symptoms show.
_ANSWER_LAYERS = {"http", "upstream", "websocket"}
_CONFIGURED_LAYERS = {"nginx", "server"}
_WAY_LAYERS = {"tcp", "tls", "certificate"}


def sorted_roots(
    causes: Mapping[int, int | None],
    weights: Mapping[int, Hashable],
    layers: Mapping[int, str],
    elsewhere: Collection[int] = (),
) -> Iterator[int]:
    """Yield the root causes of neighbouring equal weights in the order of a visit, then the
    symptoms. `causes` are the roots of all findings, None for a root, the weightiest first. An
    answer at another port than the target's (`elsewhere`: port 80 does not redirect) comes after
    those at its own."""
    roots = [index for index, cause in causes.items() if cause is None]
    symptoms: dict[int, set[str]] = {}
    for index, cause in causes.items():
        if cause is not None:
            symptoms.setdefault(cause, set()).add(layers[index])
    for _, group in groupby(roots, key=weights.__getitem__):
        yield from sorted(
            group,
            key=lambda root: (
                is_late := _is_met_late(layers[root], symptoms.get(root, set())),
                is_late and root in elsewhere,
            ),
        )
    yield from (index for index, cause in causes.items() if cause is not None)


def with_grave_first(
    roots: Iterable[int],
    causes: Mapping[int, int | None],
    severities: Mapping[int, Hashable],
    layers: Mapping[int, str],
    elsewhere: Collection[int],
) -> Iterator[int]:
    """Yield roots in this order, but of those with the same severity a cause that keeps a
    certificate from being renewed before what is wrong at another port than the target's: such a
    certificate will stop all visitors, and a port without a redirect stops none."""
    grave = {
        cause
        for index, cause in causes.items()
        if cause is not None and layers[index] == "certificate"
    }
    for _, group in groupby(roots, key=severities.__getitem__):
        own = list(group)
        if grave.isdisjoint(own):
            yield from own
        else:
            yield from sorted(own, key=lambda root: root in elsewhere and root not in grave)


def _is_met_late(layer: str, symptoms: set[str]) -> bool:
    """Return True if visitors meet a cause only when they get an answer."""
    if layer in _CONFIGURED_LAYERS:
        return bool(symptoms & _ANSWER_LAYERS) and not symptoms & _WAY_LAYERS
    return layer in _ANSWER_LAYERS
