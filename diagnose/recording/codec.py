"""Converts evidence to lines of JSON and back: recordings, fixtures, tickets.

The first line is a header with the target and the time of the run. Each further line is one
observation with its kind. A recording can be judged by today's checks without a network
(`checking.conclusion.conclude`). Private keys are never written to it.
"""

import io
import json
import os
import re
import stat
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from datetime import UTC, datetime
from enum import Enum
from functools import cache
from typing import Any

from diagnose.model import Evidence, Observation, Scope, Target
from diagnose.model.frozen import frozen
from diagnose.parsers.lazy_pattern import lazy_pattern
from diagnose.parsers.sanitize import UNSAFE
from diagnose.parsers.target import UsageError

#: Increased when an older version could no longer read a recording.
SCHEMA = 1

#: The largest size of a recording in bytes, number of observations of one kind, and nesting depth
#: of values: each several times what a run can observe.
MAX_BYTES, MAX_PER_KIND, MAX_DEPTH = 64 << 20, 500, 400

#: The name of the recording in the archive of `diagnose bundle`.
BUNDLED_RECORDING = "recording.jsonl"

#: The kind of observation that holds those of another page (`diagnose.model.other_requests`).
_OTHER = "OtherRequest"

#: The beginning of a zip archive (APPNOTE.TXT, 4.3.7).
_ZIP_MAGIC = b"PK\x03\x04"

_MAX_NUMBER = 1 << 200
_SURROGATE = lazy_pattern("[\ud800-\udfff]")

_PRIVATE_KEY = lazy_pattern(
    r"-----BEGIN ([A-Z ]*PRIVATE KEY)-----.*?(?:-----END \1-----|\Z)", re.DOTALL
)


#: The beginning of msgspec's message for a word that is not in a closed set.
_UNKNOWN_WORD = "Invalid enum value"


class _UnknownWordError(UsageError):
    """A word of a recording is not in the closed set of its field."""


@frozen
class Recording:
    """A decoded recording: the evidence, the host name and whether the run had root rights."""

    evidence: Evidence
    hostname: str = ""
    privileged: bool = False


def to_builtins(value: Any) -> Any:
    """Convert a value of the model to JSON types: objects, lists, strings, numbers, null.

    Times become RFC 3339 in UTC; infinity and NaN become null; private keys are removed.
    """
    if value is None or isinstance(value, (bool, int)):
        return value
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, str):
        return without_private_keys(value)
    if isinstance(value, float):
        return value if value - value == 0 else None
    if isinstance(value, (tuple, list)):
        return [to_builtins(item) for item in value]
    if isinstance(value, datetime):
        return timestamp(value)
    if isinstance(value, Mapping):
        return {str(key): to_builtins(item) for key, item in value.items()}
    names = _fields(type(value))
    return {name: to_builtins(getattr(value, name)) for name in names} if names else str(value)


def timestamp(time: datetime) -> str:
    """Format as RFC 3339 in UTC, with microseconds if there are any."""
    try:
        return time.astimezone(UTC).isoformat().replace("+00:00", "Z")
    except OverflowError:  # less than a day from the minimum or maximum of datetime
        return time.isoformat()


def without_private_keys(text: str) -> str:
    """Remove the private keys from a text (RFC 7468)."""
    return _PRIVATE_KEY.sub(r"[\1 left out]", text) if "PRIVATE KEY" in text else text


def encode(recording: Recording) -> str:
    """Encode a recording as lines of JSON."""
    evidence = recording.evidence
    header = {
        "diagnose": SCHEMA,
        "started_at": timestamp(evidence.started_at),
        "target": to_builtins(evidence.target),
        "hostname": recording.hostname,
        "privileged": recording.privileged,
        "scope": to_builtins(evidence.scope),
    }
    records = map(_record, evidence.observations)
    return "".join(json_line(record) for record in (header, *records))


def _record(observation: Observation) -> dict[str, Any]:
    record = {"kind": type(observation).__name__, **to_builtins(observation)}
    if record["kind"] == _OTHER:
        record["observations"] = [_record(nested) for nested in _observations_in(observation)]
    return record


def json_line(record: Mapping[str, Any]) -> str:
    """Encode one record on one line."""
    return escape_json(json.dumps(record, ensure_ascii=False, allow_nan=False)) + "\n"


def escape_json(document: str) -> str:
    """Escape the characters that control a terminal or the writing direction as \\uXXXX (RFC 8259
    section 7). Decoding restores them."""
    return UNSAFE.sub(_escape, document)


def _escape(match: re.Match[str]) -> str:
    # Line breaks between JSON tokens stay; those in strings are already escaped.
    return match[0] if match[0] == "\n" else json.dumps(match[0])[1:-1]


def read_recording(path: str) -> str:
    """Read a recording's file. Raise UsageError if it is not a readable text file, also for a pipe
    or a device, because reading may never end."""
    try:
        # Without O_NONBLOCK, opening a pipe would wait for a writer.
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise UsageError(f"{path}: it is no file.")
            data = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "no file can be called so"
        raise UsageError(f"{path}: {reason}.") from None
    if data.startswith(_ZIP_MAGIC):
        data = _bundled_recording(path, data)
    if len(data) > MAX_BYTES:
        raise UsageError(f"{path}: it is larger than {MAX_BYTES >> 20} MiB.")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise UsageError(f"{path}: it is no text.") from None


def _bundled_recording(path: str, data: bytes) -> bytes:
    """Return the recording in an archive, or one byte more than a recording may have."""
    import zipfile
    import zlib

    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive, archive.open(BUNDLED_RECORDING) as file:
            return file.read(MAX_BYTES + 1)
    except (zipfile.BadZipFile, zlib.error, KeyError, EOFError, ValueError, RuntimeError, OSError,
            NotImplementedError):  # fmt: skip
        raise UsageError(f"{path}: there is no recording in this archive.") from None


def decode(text: str) -> Recording:
    """Decode what `encode` wrote. Raise UsageError with the line number if it is not a recording.

    Unknown fields are ignored, and so are observations of an unknown kind or with a word that is
    not in the field's closed set: a later version knows more of them.
    """
    # Not splitlines(): strings may contain other line separators.
    lines = enumerate(text.split("\n"), 1)
    number, first_line = next(lines, (1, ""))
    header = _parse_object(number, first_line)
    if not isinstance(header.get("diagnose"), int) or header["diagnose"] > SCHEMA:
        raise UsageError("This is no recording that this version of diagnose can read.")
    target = _convert(number, header.get("target"), Target)
    started_at = _convert(number, header.get("started_at"), datetime)
    # Older recordings have no scope; most of them are complete runs.
    scope = _convert(number, header.get("scope", {}), Scope)
    evidence = Evidence(target, started_at, tuple(_observations(lines)), scope)
    return Recording(evidence, str(header.get("hostname", "")), header.get("privileged") is True)


def _observations(lines: Iterable[tuple[int, str]]) -> Iterator[Observation]:
    counts: Counter[str] = Counter()
    for number, text in lines:
        if text.strip():
            yield from _decoded(number, _parse_object(number, text), counts)


def _decoded(number: int, record: dict[str, Any], counts: Counter[str]) -> Iterator[Observation]:
    """Yield the observation of a record, if this version knows it; `counts` are those of each kind
    so far."""
    name = str(record.pop("kind", ""))
    kind = observation_kinds().get(name)
    counts[name] += 1
    if counts[name] > MAX_PER_KIND:
        raise UsageError(
            f"Line {number} of the recording: no run sees more than {MAX_PER_KIND} times"
            " the same kind of thing."
        )
    if kind is None:
        return
    nested = record.pop("observations", ()) if name == _OTHER else ()
    try:
        observation = _convert(number, record, kind)
    except _UnknownWordError:
        return
    if nested:
        observation = replace(observation, observations=tuple(_nested(number, nested)))
    yield observation


def _observations_in(observation: Any) -> tuple[Observation, ...]:
    nested: tuple[Observation, ...] = observation.observations
    return nested


def _nested(number: int, records: Any) -> Iterator[Observation]:
    """Yield the observations of another page, which has none in its turn."""
    counts = Counter({_OTHER: MAX_PER_KIND})
    for record in records if isinstance(records, list) else ():
        if not isinstance(record, dict):
            raise UsageError(f"Line {number} of the recording: an observation is no JSON object.")
        yield from _decoded(number, record, counts)


def _parse_object(number: int, text: str) -> dict[str, Any]:
    try:
        record = _validated(json.loads(text))
    except (ValueError, RecursionError):
        record = None
    if not isinstance(record, dict):
        raise UsageError(f"Line {number} of the recording is no JSON object.")
    return record


def _validated(value: Any, depth: int = 0) -> Any:
    """Check a decoded value for what `encode` never writes: replace lone surrogates; raise
    ValueError for infinity, NaN, numbers too large for any field, and nesting that is too deep."""
    if isinstance(value, str):
        return value if value.isascii() else _SURROGATE.sub("\N{REPLACEMENT CHARACTER}", value)
    if isinstance(value, float) and value - value != 0:
        raise ValueError
    if isinstance(value, int) and abs(value) > _MAX_NUMBER:
        raise ValueError
    if isinstance(value, (list, dict)) and depth > MAX_DEPTH:
        raise ValueError
    if isinstance(value, list):
        return [_validated(item, depth + 1) for item in value]
    if isinstance(value, dict):
        return {_validated(key): _validated(item, depth + 1) for key, item in value.items()}
    return value


def _convert(number: int, record: Any, kind: Any) -> Any:
    import msgspec

    try:
        converted = msgspec.convert(record, kind)
        _check_times(converted)
    except msgspec.ValidationError as error:
        is_unknown_word = str(error).startswith(_UNKNOWN_WORD)
        fault = _UnknownWordError if is_unknown_word else UsageError
        raise fault(f"Line {number} of the recording: {error}") from None
    except (ValueError, OverflowError) as error:
        raise UsageError(f"Line {number} of the recording: {error}") from None
    return converted


def _check_times(value: Any) -> None:
    """Raise ValueError for a time without a time zone, or one that cannot be expressed in UTC."""
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ValueError("a time without its zone")
        value.astimezone(UTC)
    elif isinstance(value, tuple):
        for item in value:
            _check_times(item)
    else:
        for name in _fields(type(value)):
            _check_times(getattr(value, name))


@cache
def observation_kinds() -> dict[str, type[Observation]]:
    """Return every kind of observation by its name."""
    import importlib
    import pkgutil

    import diagnose.model

    kinds_by_name: dict[str, type[Observation]] = {}
    modules = [
        f"diagnose.model.{module.name}"
        for module in pkgutil.iter_modules(diagnose.model.__path__)
        # The commands of fixes are no observations.
        if not module.name.endswith("commands")
    ]
    for name in ("diagnose.model", *modules):
        for value in vars(importlib.import_module(name)).values():
            if isinstance(value, type) and issubclass(value, Observation):
                kinds_by_name[value.__name__] = value
    return kinds_by_name


def _fields(kind: type) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind)) if is_dataclass(kind) else ()
