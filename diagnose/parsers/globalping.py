"""Requests to the API of Globalping, a public service with probes in many networks, and what it
answers. No I/O.

The shapes are those of its OpenAPI document (github.com/jsdelivr/globalping, public/v1/spec.yaml):
`POST /v1/measurements` answers 202 with an id, `GET /v1/measurements/ID` the state, final unless
"in-progress". Everything that comes back is bounded, cleaned, and taken only in its documented
type.
"""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, TypeGuard

from diagnose.model import Failure, Target
from diagnose.model.frozen import frozen
from diagnose.parsers.hostnames import is_address
from diagnose.parsers.sanitize import clean

#: One probe in each of these: the service has no probe of a place at times, and takes the others.
LOCATIONS = ({"continent": "EU"}, {"continent": "NA"}, {"continent": "AS"}, {"country": "CN"})

#: Seconds that a probe may take, and results that are read.
PROBE_SECONDS, MAX_RESULTS = 8, 20

_ID_LENGTH = 64


@frozen
class ProbeResult:
    """What one probe reported.

    `location` is in words. `is_ours` is False if the service itself failed, so that the result says
    nothing about the target. `status` is the HTTP status, `connected` whether TCP was, both None if
    the measurement does not say. `message` is the first line of what the probe printed.
    """

    location: str
    is_ours: bool = True
    address: str = ""
    status: int | None = None
    connected: bool | None = None
    took: float = 0.0
    message: str = ""


def http_measurement(target: Target, family: int | None) -> dict[str, Any]:
    """Return the request that asks for the page. The query is left out: it may hold secrets."""
    options: dict[str, Any] = {
        "request": {"method": "GET", "path": target.path_without_query},
        "protocol": "HTTPS" if target.uses_tls else "HTTP",
        "port": target.port,
    }
    return _measurement("http", target, options, family) | {"locations": list(LOCATIONS)}


def ping_measurement(target: Target, family: int | None, probes: str) -> dict[str, Any]:
    """Return the request that connects from the same probes as the measurement `probes`."""
    options: dict[str, Any] = {"protocol": "TCP", "port": target.port, "packets": 3}
    return _measurement("ping", target, options, family) | {"locations": probes}


def _measurement(
    kind: str, target: Target, options: dict[str, Any], family: int | None
) -> dict[str, Any]:
    if family and not is_address(target.host):
        options["ipVersion"] = family
    return {
        "type": kind,
        "target": target.host,
        "timeout": PROBE_SECONDS,
        "measurementOptions": options,
    }


def published_facts(target: Target) -> str:
    """Return what the requests contain, for the person who has to know that it becomes public."""
    return f"{target.origin}{target.path_without_query}"


# Answers


def created_id(status: int, text: str, reset: str) -> str | Failure:
    """Return the id of a new measurement, or why there is none. `reset` is X-RateLimit-Reset."""
    if status != 202:
        return _refusal(status, text, reset)
    identifier = _object(text).get("id")
    if isinstance(identifier, str) and identifier.isalnum() and len(identifier) <= _ID_LENGTH:
        return identifier
    return Failure("protocol", "Globalping answered nothing that is documented")


def results(status: int, text: str, reset: str = "") -> tuple[ProbeResult, ...] | Failure | None:
    """Return the results of a measurement, None while it is in progress, or why there are none."""
    if status != 200:
        return _refusal(status, text, reset)
    document = _object(text)
    state, items = document.get("status"), document.get("results")
    if state == "in-progress":
        return None
    if state != "finished" or not isinstance(items, list):
        return Failure("protocol", "Globalping answered nothing that is documented")
    return tuple(_result(item) for item in items[:MAX_RESULTS] if isinstance(item, dict))


def _refusal(status: int, text: str, reset: str) -> Failure:
    error = _mapping(_object(text).get("error"))
    message = clean(str(error.get("message") or ""), 200).rstrip(".")
    if status == 429:
        seconds = f", again in {reset} s" if reset.isdecimal() and len(reset) < 8 else ""
        message = f"Globalping's limit of requests is reached{seconds}"
    return Failure("other", message or f"Globalping answered {status}", status)


def _result(item: Mapping[str, Any]) -> ProbeResult:
    result = _mapping(item.get("result"))
    address = result.get("resolvedAddress")
    lines = clean(str(result.get("rawOutput") or ""), 400).strip().splitlines()
    plain = ProbeResult(
        location=_location(_mapping(item.get("probe"))),
        address=address if isinstance(address, str) and is_address(address) else "",
        message=lines[0][:200] if lines else "",
    )
    match result.get("status"):
        case "finished":
            return _finished(plain, result)
        case "failed":
            return replace(plain, is_ours=result.get("failureSource") in {None, "target"})
        case _:
            return replace(plain, is_ours=False)


def _finished(plain: ProbeResult, result: Mapping[str, Any]) -> ProbeResult:
    """Return a finished http test, which has a status, or a finished ping."""
    status, stats = result.get("statusCode"), _mapping(result.get("stats"))
    milliseconds = _mapping(result.get("timings")).get("total")
    took = milliseconds / 1000 if _is_number(milliseconds) and 0 <= milliseconds < 1e6 else 0.0
    if _is_number(status) and 100 <= status <= 599:
        return replace(plain, status=int(status), connected=True, took=took)
    received = stats.get("rcv")
    return replace(plain, connected=received > 0 if _is_number(received) else None, took=took)


def _location(probe: Mapping[str, Any]) -> str:
    city, country, asn = (probe.get(name) for name in ("city", "country", "asn"))
    words = [clean(word, 60) for word in (city, country) if isinstance(word, str) and word]
    words += [f"AS{asn}"] if isinstance(asn, int) and not isinstance(asn, bool) else []
    return ", ".join(words) or "somewhere"


def _is_number(value: Any) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _object(text: str) -> Mapping[str, Any]:
    try:
        return _mapping(json.loads(text))
    except (ValueError, RecursionError):
        return {}


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
