"""What the diagnosis of a probe looks at: the same site, asked as the module asks."""

from diagnose.engine import run
from diagnose.exporter.credentials import authorization, header_fields
from diagnose.exporter.modules import ClientConfig, IpProtocol, TlsConfig
from diagnose.exporter.probe import Probe
from diagnose.exporter.proxies import proxy_for
from diagnose.model import Report, Target
from diagnose.net.http import httpx
from diagnose.parsers.hostnames import is_address
from diagnose.parsers.request_fields import RequestFields, cookie, header_field
from diagnose.parsers.target import UsageError, parse_target
from diagnose.probes import Options

#: The methods that change nothing.
_METHODS = {"GET", "HEAD", "OPTIONS"}


def diagnosis_target(probe: Probe) -> tuple[Target, str | None] | None:
    """Return the target, and the address to use if `hostname` names another site there. None if the
    probe's target is none for a diagnosis: another prober, or not a URL."""
    if probe.module.prober not in {"http", "websocket"}:
        return None
    text = probe.target
    if probe.module.prober == "http" and not text.lower().startswith(("http://", "https://")):
        text = f"http://{text}"
    try:
        url = httpx.URL(text)
        address = url.host if probe.hostname and is_address(url.host) else None
        url = url.copy_with(host=probe.hostname) if address else url
        return parse_target(str(url)), address
    except (UsageError, httpx.InvalidURL, ValueError):
        return None


async def diagnose(probe: Probe, target: Target, address: str | None, timeout: float) -> Report:
    """Run the diagnosis from outside; `timeout` is in seconds."""
    return await run(target, diagnosis_options(probe, target, address, timeout), probe.net)


def diagnosis_options(probe: Probe, target: Target, address: str | None, timeout: float) -> Options:
    """Return the options with which the diagnosis asks as the module does."""
    module = probe.module
    is_http = module.prober == "http"
    config: ClientConfig = module.http if is_http else module.websocket.http_config
    chosen = module.http if is_http else module.websocket
    return Options(
        inside=False,
        timeout=timeout,
        family=None if address else _family(chosen.preferred_ip_protocol,
            chosen.ip_protocol_fallback),
        address=address,
        cafile=config.tls_config.ca_file or None,
        proxy=proxy_for(config, target.scheme, target.host) or "none",
        skip=_skipped_layers(config.tls_config),
        request=_request_fields(probe, config),
    )  # fmt: skip


def _family(protocol: IpProtocol, fallback: bool) -> int | None:
    return None if fallback else 4 if protocol == "ip4" else 6


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
