"""The modules of `blackbox.yml`, with the names and defaults of blackbox_exporter.

Source: blackbox_exporter, CONFIGURATION.md; prometheus/common, config.HTTPClientConfig.
"""

from typing import Annotated, Any, Literal

import msgspec

from diagnose.exporter.values import ByteSize, Duration, Regexp, Secret

IpProtocol = Literal["ip4", "ip6", ""]
TlsVersion = Literal["TLS10", "TLS11", "TLS12", "TLS13", ""]
ProberName = Literal["http", "tcp", "icmp", "dns", "grpc", "unix", "websocket"]


class Section(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A mapping of the file. An unknown name is an error."""


class TlsConfig(Section, frozen=True):
    ca: str = ""
    ca_file: str = ""
    cert: str = ""
    cert_file: str = ""
    key: Secret = Secret()
    key_file: str = ""
    server_name: str = ""
    insecure_skip_verify: bool = False
    min_version: TlsVersion = ""
    max_version: TlsVersion = ""


class BasicAuth(Section, frozen=True):
    username: str = ""
    username_file: str = ""
    password: Secret = Secret()
    password_file: str = ""


class Authorization(Section, frozen=True):
    type: str = "Bearer"
    credentials: Secret = Secret()
    credentials_file: str = ""


class HeaderSource(Section, frozen=True):
    values: list[str] = []
    secrets: list[Secret] = []
    files: list[str] = []


class ClientConfig(Section, frozen=True):
    """How a client asks: credentials, TLS, proxy."""

    basic_auth: BasicAuth | None = None
    authorization: Authorization | None = None
    oauth2: dict[str, Any] | None = None
    bearer_token: Secret = Secret()
    bearer_token_file: str = ""
    tls_config: TlsConfig = TlsConfig()
    follow_redirects: bool = True
    enable_http2: bool = True
    proxy_url: str = ""
    no_proxy: str = ""
    proxy_from_environment: bool = False
    proxy_connect_header: dict[str, list[Secret]] = {}
    http_headers: dict[str, HeaderSource] = {}


class HeaderMatch(Section, frozen=True):
    header: str
    regexp: Regexp
    allow_missing: bool = False


class HttpModule(ClientConfig, frozen=True):
    valid_status_codes: list[int] = []
    valid_http_versions: list[str] = []
    preferred_ip_protocol: IpProtocol = ""
    ip_protocol_fallback: bool = True
    skip_resolve_phase_with_proxy: bool = False
    no_follow_redirects: bool | None = None
    fail_if_ssl: bool = False
    fail_if_not_ssl: bool = False
    method: str = ""
    headers: dict[str, str] = {}
    fail_if_body_matches_regexp: list[Regexp] = []
    fail_if_body_not_matches_regexp: list[Regexp] = []
    fail_if_body_json_matches_cel: str = ""
    fail_if_body_json_not_matches_cel: str = ""
    fail_if_header_matches: list[HeaderMatch] = []
    fail_if_header_not_matches: list[HeaderMatch] = []
    body: str = ""
    body_file: str = ""
    compression: Literal["", "gzip", "br", "deflate", "identity"] = ""
    body_size_limit: ByteSize = ByteSize(0)
    enable_http3: bool = False

    @property
    def follows_redirects(self) -> bool:
        return (
            self.follow_redirects
            if self.no_follow_redirects is None
            else not self.no_follow_redirects
        )


class Label(Section, frozen=True):
    name: str = ""
    value: str = ""


class QueryResponse(Section, frozen=True):
    expect: Regexp | None = None
    expect_bytes: str = ""
    labels: list[Label] = []
    send: str = ""
    starttls: bool = False


class TcpModule(Section, frozen=True):
    preferred_ip_protocol: IpProtocol = ""
    ip_protocol_fallback: bool = True
    source_ip_address: str = ""
    query_response: list[QueryResponse] = []
    tls: bool = False
    tls_config: TlsConfig = TlsConfig()


class IcmpModule(Section, frozen=True):
    preferred_ip_protocol: IpProtocol = ""
    ip_protocol_fallback: bool = True
    source_ip_address: str = ""
    payload_size: Annotated[int, msgspec.Meta(ge=0, le=65000)] = 0
    dont_fragment: bool = False
    ttl: Annotated[int, msgspec.Meta(ge=0, le=255)] = 64


class RecordRules(Section, frozen=True):
    fail_if_matches_regexp: list[Regexp] = []
    fail_if_all_match_regexp: list[Regexp] = []
    fail_if_not_matches_regexp: list[Regexp] = []
    fail_if_none_matches_regexp: list[Regexp] = []


class DnsModule(Section, frozen=True):
    preferred_ip_protocol: IpProtocol = ""
    ip_protocol_fallback: bool = True
    dns_over_tls: bool = False
    tls_config: TlsConfig = TlsConfig()
    source_ip_address: str = ""
    transport_protocol: Literal["udp", "tcp", ""] = ""
    query_class: str = ""
    query_name: str = ""
    query_type: str = ""
    recursion_desired: bool = True
    valid_rcodes: list[str] = []
    validate_answer_rrs: RecordRules = RecordRules()
    validate_authority_rrs: RecordRules = RecordRules()
    validate_additional_rrs: RecordRules = RecordRules()


class WebsocketModule(Section, frozen=True):
    http_config: ClientConfig = ClientConfig()
    headers: dict[str, HeaderSource] = {}
    query_response: list[QueryResponse] = []
    preferred_ip_protocol: IpProtocol = ""
    ip_protocol_fallback: bool = True


class Module(Section, frozen=True):
    """One module. `timeout` is in seconds, 0 for none of its own."""

    prober: ProberName
    timeout: Duration = Duration(0)
    http: HttpModule = HttpModule()
    tcp: TcpModule = TcpModule()
    icmp: IcmpModule = IcmpModule()
    dns: DnsModule = DnsModule()
    grpc: dict[str, Any] = {}
    unix: dict[str, Any] = {}
    websocket: WebsocketModule = WebsocketModule()

    @property
    def source_ip_address(self) -> str:
        """The address that its sockets are bound to, "" for the system's choice."""
        match self.prober:
            case "tcp":
                return self.tcp.source_ip_address
            case "icmp":
                return self.icmp.source_ip_address
            case "dns":
                return self.dns.source_ip_address
            case _:
                return ""


class Configuration(Section, frozen=True):
    modules: dict[str, Module] = {}


def unsupported_option(module: Module) -> str | None:
    """Return the option of a module that blackbox_exporter has and this exporter has not."""
    options: dict[str, object] = {
        "prober: grpc": module.prober == "grpc",
        "prober: unix": module.prober == "unix",
        "http.oauth2": module.http.oauth2,
        "http.enable_http3": module.http.enable_http3,
        "http.fail_if_body_json_matches_cel": module.http.fail_if_body_json_matches_cel,
        "http.fail_if_body_json_not_matches_cel": module.http.fail_if_body_json_not_matches_cel,
        "http.proxy_connect_header": module.http.proxy_connect_header,
        "websocket.http_config.oauth2": module.websocket.http_config.oauth2,
    }
    return next((name for name, value in options.items() if value), None)
