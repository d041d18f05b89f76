"""What the diagnosis of a probe looks at: the same site, asked as the module asks."""

import asyncio
from functools import lru_cache

from diagnose.engine import run
from diagnose.exporter.credentials import authorization, header_fields
from diagnose.exporter.modules import (
    ClientConfig,
    HttpModule,
    Module,
    TcpModule,
    TlsConfig,
    WebsocketModule,
)
from diagnose.exporter.probe import Probe
from diagnose.exporter.probers import split_host_port
from diagnose.exporter.proxies import proxy_for
from diagnose.model import Report, Target
from diagnose.net.deadline import LateError
from diagnose.net.httpx_library import httpx
from diagnose.parsers.hostnames import is_address
from diagnose.parsers.request_fields import RequestFields, cookie, header_field
from diagnose.parsers.target import UsageError, parse_target
from diagnose.probes import Options
from diagnose.pulse.asking import take_pulse
from diagnose.pulse.expectation import Expectation, Question

_QUESTIONS: tuple[Question, ...] = ("https", "http", "websocket")
#: The methods that change nothing.
_METHODS = {"GET", "HEAD", "OPTIONS"}


def diagnosis_target(probe: Probe) -> tuple[Target, str | None] | None:
    """Return the target, and the address to use if the module or `hostname` names another site
    there. None if the probe's target is none for a diagnosis."""
    try:
        return _parsed_target(_url_text(probe), _host_field(probe))
    except (httpx.InvalidURL, ValueError):
        return None


@lru_cache(maxsize=4096)
def _parsed_target(text: str, host: str) -> tuple[Target, str | None] | None:
    try:
        url = httpx.URL(text)
        address = url.host if host and host != url.host and is_address(url.host) else None
        url = url.copy_with(host=host) if address else url
        return parse_target(str(url)), address
    except (UsageError, httpx.InvalidURL, ValueError):
        return None


def _url_text(probe: Probe) -> str:
    """Return the URL to diagnose, "" if there is none."""
    module, text = probe.module, probe.target
    if module.prober == "tcp" and split_host_port(text):
        return f"{'https' if module.tcp.tls else 'http'}://{text}/"
    if module.prober == "http" and not text.lower().startswith(("http://", "https://")):
        return f"http://{text}"
    return text if module.prober in {"http", "websocket"} else ""


def _host_field(probe: Probe) -> str:
    """Return the host that the request names, without a port; "" if it is that of the URL."""
    if probe.module.prober == "tcp":
        return probe.module.tcp.tls_config.server_name or probe.hostname
    own = {name.lower(): value for name, value in probe.module.http.headers.items()}
    field = probe.hostname or own.get("host", "")
    return httpx.URL(f"//{field}").host if field else ""


async def diagnose(probe: Probe, target: Target, address: str | None, timeout: float) -> Report:
    """Run the diagnosis from outside; `timeout` is in seconds."""
    options = diagnosis_options(probe, target, address, timeout)
    return await run(target, options, probe.net.renewed())


#: What a prober asks itself; a pulse asks the rest. A module "tcp" speaks any protocol.
_OWN_QUESTIONS: dict[str, Question] = {"http": "https", "websocket": "websocket"}


async def pulse_difference(
    probe: Probe, target: Target, address: str | None, timeout: float, expected: Expectation
) -> str | None:
    """Take a pulse of what the probe itself does not ask, at the first address. Return what
    differs, "" if nothing does; None if there is nothing to ask, or no time."""
    own = _OWN_QUESTIONS.get(probe.module.prober)
    questions = tuple(question for question in _QUESTIONS if question != own)
    place = next(iter(expected.addresses), "")
    expected_questions = [
        question for question, _ in expected.questions(place) if question in questions
    ]
    if own is None or not expected_questions or not target.uses_tls:
        return None
    options = diagnosis_options(probe, target, address, timeout)
    try:
        async with asyncio.timeout(timeout):
            answers = await take_pulse(
                target, options, probe.net.renewed(), expected, place, questions
            )
    except (TimeoutError, LateError):
        return None
    return expected.difference(answers)


def diagnosis_options(probe: Probe, target: Target, address: str | None, timeout: float) -> Options:
    """Return the options with which the diagnosis asks as the module does."""
    module = probe.module
    config = _client_config(module)
    return Options(
        inside=False,
        timeout=timeout,
        family=None if address else _family(module),
        address=address,
        cafile=config.tls_config.ca_file or None,
        proxy=proxy_for(config, target.scheme, target.host) or "none",
        only=_judged_layers(module),
        skip=_skipped_layers(config.tls_config),
        request=_request_fields(probe, config),
    )  # fmt: skip


def _client_config(module: Module) -> ClientConfig:
    match module.prober:
        case "http":
            return module.http
        case "tcp":
            return ClientConfig(tls_config=module.tcp.tls_config)
        case _:
            return module.websocket.http_config


def _judged_layers(module: Module) -> tuple[str, ...]:
    """A module "tcp" speaks any protocol: its answers are not judged as HTTP."""
    if module.prober != "tcp":
        return ()
    return ("dns", "tcp", "tls", "certificate") if module.tcp.tls else ("dns", "tcp")


def _family(module: Module) -> int | None:
    """Return the only IP version that the module allows, None if it allows both."""
    match module.prober:
        case "http":
            section: HttpModule | TcpModule | WebsocketModule = module.http
        case "tcp":
            section = module.tcp
        case _:
            section = module.websocket
    if section.ip_protocol_fallback:
        return None
    return 4 if section.preferred_ip_protocol == "ip4" else 6


def _skipped_layers(tls_config: TlsConfig) -> tuple[str, ...]:
    return ("certificate",) if tls_config.insecure_skip_verify else ()


def _request_fields(probe: Probe, config: ClientConfig) -> RequestFields:
    """Return the module's own header fields, without those that a request cannot set."""
    module = probe.module
    own = module.http.headers if module.prober == "http" else {}
    fields = [*own.items(), *header_fields(probe, config.http_headers)]
    fields += header_fields(probe, module.websocket.headers)
    if value := authorization(probe, config):
        fields.append(("Authorization", value))
    headers, cookies = [], ""
    for name, value in fields:
        try:
            if name.lower() == "cookie":
                cookies = cookie(value)
            else:
                headers.append(header_field(f"{name}: {value}"))
        except ValueError:
            continue  # Host, Connection and the like
    method = module.http.method if module.http.method in _METHODS else "GET"
    return RequestFields(tuple(headers), cookies, method=method)
