"""The header fields of a module's request, with its credentials.

Files of secrets are read at each probe, so that a new secret counts at once.
"""

import base64
from collections.abc import Mapping
from pathlib import Path

from diagnose.exporter.modules import ClientConfig, HeaderSource
from diagnose.exporter.probe import Probe
from diagnose.net.http import USER_AGENT

#: Maximum bytes of a file with a secret.
MAX_SECRET = 64 << 10

Fields = list[tuple[str, str]]


def request_headers(probe: Probe, config: ClientConfig, headers: Mapping[str, str]) -> Fields:
    """Return the header fields of a request: the module's own, its credentials, our User-Agent, and
    the Host of the parameter `hostname`."""
    own = {name.lower(): (name, value) for name, value in headers.items()}
    if probe.hostname:
        own["host"] = ("Host", probe.hostname)
    fields = list(own.values())
    if "user-agent" not in own:
        fields.append(("User-Agent", USER_AGENT))
    fields += header_fields(probe, config.http_headers)
    if "authorization" not in own and (value := authorization(probe, config)):
        fields.append(("Authorization", value))
    return fields


def header_fields(probe: Probe, sources: Mapping[str, HeaderSource]) -> Fields:
    """Return fields whose values stand in the configuration or in files."""
    return [
        (name, value)
        for name, source in sources.items()
        for value in (
            *source.values,
            *source.secrets,
            *(_read_secret(probe, path) for path in source.files),
        )
    ]


def authorization(probe: Probe, config: ClientConfig) -> str:
    """Return the value of the field Authorization (RFC 9110 section 11.6.2), "" for none."""
    if basic := config.basic_auth:
        user = _read_secret(probe, basic.username_file) if basic.username_file else basic.username
        password = (
            _read_secret(probe, basic.password_file) if basic.password_file else basic.password
        )
        return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
    if bearer := config.authorization:
        file = bearer.credentials_file
        return f"{bearer.type} {_read_secret(probe, file) if file else bearer.credentials}"
    if config.bearer_token_file:
        return f"Bearer {_read_secret(probe, config.bearer_token_file)}"
    return f"Bearer {config.bearer_token}" if config.bearer_token else ""


def _read_secret(probe: Probe, path: str) -> str:
    try:
        with Path(path).open("rb") as file:
            return file.read(MAX_SECRET).decode("utf-8", "replace").strip()
    except OSError as error:
        probe.log.error("Unable to read a file with a secret", file=path, err=error.strerror)
        return ""
