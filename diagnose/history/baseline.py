"""What is new, gone or changed since an earlier run: two documents of `diagnose --json`, compared.

An earlier document comes from a file and may hold anything: what is not of its type is left out.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from diagnose.model.frozen import frozen
from diagnose.parsers.sanitize import clean

Document = Mapping[str, Any]

#: The largest length of a text from the earlier document, in characters.
_MAX_TEXT = 300


@frozen
class PastFinding:
    """A finding of an earlier run."""

    check: str
    severity: str
    title: str


@frozen
class Change:
    """A difference. `kind` is "verdict", "layer", "finding", "addresses" or "certificate"; `name`
    is the layer or the check, "" for the others."""

    kind: str
    name: str
    before: str
    after: str


@frozen
class Comparison:
    """`new` are ids of findings of the later run. Without `same_target`, as between a masked
    document and one that is not, only the verdict, the layers and the checks were compared."""

    at: str
    url: str
    status: str
    same_target: bool
    new: tuple[str, ...]
    gone: tuple[PastFinding, ...]
    changed: tuple[Change, ...]

    @property
    def is_empty(self) -> bool:
        return not (self.new or self.gone or self.changed)


def compare(earlier: Document, later: Document) -> Comparison:
    """Compare two documents. What follows from a cause is no difference of its own."""
    url, status = target_url(earlier), _text(_of(earlier, "verdict", "status"))
    same_target = url == target_url(later)
    # Titles in two languages are not the same, and mean the same.
    has_titles = same_target and _of(earlier, "run", "lang") == _of(later, "run", "lang")
    new, resolved, retitled = _findings(earlier, later, has_titles)
    changed = [*_states(earlier, later), *retitled]
    if same_target:
        changed += _observed_changes(earlier, later)
    return Comparison(
        _text(_of(earlier, "run", "started_at")), url, status, same_target, new, resolved,
        tuple(changed),
    )  # fmt: skip


def target_url(document: Document) -> str:
    """Return the URL that a document is about, with its port; "" if it holds none."""
    scheme, host, path = (_text(_of(document, "target", key)) for key in ("scheme", "host", "path"))
    port = _of(document, "target", "port")
    return f"{scheme}://{host}:{port}{path}" if host and isinstance(port, int) else ""


def _findings(
    earlier: Document, later: Document, has_titles: bool
) -> tuple[tuple[str, ...], tuple[PastFinding, ...], list[Change]]:
    """Return the new, the gone, and those whose title changed. Findings of one check are paired by
    their titles, and then in their order."""
    past: dict[str, list[PastFinding]] = {}
    for finding in map(_past_finding, _independent(earlier)):
        past.setdefault(finding.check, []).append(finding)
    current = [(str(item["id"]), _past_finding(item)) for item in _independent(later)]
    unmatched = []
    for finding_id, finding in current:
        if finding in past.get(finding.check, ()):
            past[finding.check].remove(finding)
        else:
            unmatched.append((finding_id, finding))
    new, retitled = [], []
    for finding_id, finding in unmatched:
        if not past.get(finding.check):
            new.append(finding_id)
            continue
        before = past[finding.check].pop(0)
        if has_titles:
            retitled.append(Change("finding", finding.check, before.title, finding.title))
    past_findings = tuple(finding for findings in past.values() for finding in findings)
    return tuple(new), past_findings, retitled


def _independent(document: Document) -> Iterator[Document]:
    for item in _objects(document.get("findings")):
        if item.get("explained_by") is None and item.get("check"):
            yield item


def _past_finding(item: Document) -> PastFinding:
    return PastFinding(
        _text(item.get("check")), _text(item.get("severity")), _text(item.get("title"))
    )


def _states(earlier: Document, later: Document) -> Iterator[Change]:
    before, after = _of(earlier, "verdict", "status"), _of(later, "verdict", "status")
    if before != after:
        yield Change("verdict", "", _text(before), _text(after))
    layers = _layers(earlier)
    for layer, state in _layers(later).items():
        # A layer that was not reached says nothing about itself.
        if layer in layers and "skipped" not in {state, layers[layer]} and state != layers[layer]:
            yield Change("layer", layer, layers[layer], state)


def _layers(document: Document) -> dict[str, str]:
    items = _objects(document.get("layers"))
    return {_text(item.get("layer")): _text(item.get("status")) for item in items}


def _observed_changes(earlier: Document, later: Document) -> Iterator[Change]:
    readers: dict[str, Callable[[Document], str]] = {
        "addresses": _addresses,
        "certificate": _certificate,
    }
    for kind, reader in readers.items():
        before, after = reader(earlier), reader(later)
        if before and after and before != after:
            yield Change(kind, "", before, after)


def _addresses(document: Document) -> str:
    """Return the addresses of the target's name, as a visitor's machine resolves it."""
    addresses = {
        _text(address)
        for item in _from_here(document, "Resolution")
        for address in _values(item.get("addresses"))
    }
    return ", ".join(sorted(addresses))


def _certificate(document: Document) -> str:
    """Return the certificates that visitors get: name, serial number and end."""
    leaves = {
        f"{_text(leaf.get('subject'))} {_text(leaf.get('serial'))} – {_text(leaf.get('not_after'))}"
        for item in _from_here(document, "Handshake")
        if item.get("variant") == "normal"
        for leaf in _objects(item.get("chain"))[:1]
    }
    return ", ".join(sorted(leaves))


def _from_here(document: Document, kind: str) -> Iterator[Document]:
    for item in _objects(document.get("observations")):
        if item.get("kind") == kind and item.get("vantage") == "here":
            yield item


def _of(document: Document, *keys: str) -> Any:
    """Return a value in nested objects, or None."""
    value: Any = document
    for key in keys:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value


def _objects(value: Any) -> list[Document]:
    return [item for item in _values(value) if isinstance(item, Mapping)]


def _values(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _text(value: Any) -> str:
    return clean(value, _MAX_TEXT) if isinstance(value, str) else ""
