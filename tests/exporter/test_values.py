"""Durations, sizes, expressions, timeouts, and the other small functions."""

from pathlib import Path

import msgspec
import pytest

from diagnose.exporter.config_file import ConfigError, load_configuration, to_yaml
from diagnose.exporter.history import History
from diagnose.exporter.modules import Module, unsupported_option
from diagnose.exporter.parameters import decode_target, probe_timeout
from diagnose.exporter.probers import split_host_port
from diagnose.exporter.settings import ListenAddress, parse_listen_address
from diagnose.exporter.target_policy import GuardedNet, parse_policy
from diagnose.exporter.tls_names import cipher_name
from diagnose.exporter.values import ByteSize, Duration, Regexp, expand
from diagnose.net.local import LocalNet


@pytest.mark.parametrize(
    ("text", "seconds"), [("5s", 5), ("1m30s", 90), ("1.5h", 5400), ("250ms", 0.25), ("0", 0)]
)
def test_durations(text: str, seconds: float) -> None:
    assert Duration.parse(text) == seconds


@pytest.mark.parametrize("text", ["5", "s", "-5s", "5 s", "five", ""])
def test_no_durations(text: str) -> None:
    with pytest.raises(ValueError, match="not a duration"):
        Duration.parse(text)


@pytest.mark.parametrize("text", ["5s", "1m30s", "250ms", "2h0s", "0s"])
def test_a_duration_is_shown_so_that_it_can_be_read(text: str) -> None:
    assert Duration.parse(str(Duration.parse(text))) == Duration.parse(text)


@pytest.mark.parametrize(
    ("text", "size"),
    [("4B", 4), ("10MB", 10 << 20), ("2KiB", 2048), ("7", 7), ("1MiB512KiB", 1536 << 10)],
)
def test_sizes(text: str, size: int) -> None:
    assert ByteSize.parse(text) == size


@pytest.mark.parametrize("text", ["4B", "10MiB", "1KiB512B", "0B", "3TiB"])
def test_a_size_is_shown_as_it_is_written(text: str) -> None:
    assert str(ByteSize.parse(text)) == text


@pytest.mark.parametrize("text", ["", "MB", "4B ", "4B5", "x4B"])
def test_what_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a size"):
        ByteSize.parse(text)


def test_groups_are_put_into_a_template() -> None:
    match = Regexp(r"(?P<name>\w+)-(\d)?").search(b"ssh-")
    assert expand("$1 ${name} ${2} $$ ${9}", match) == "ssh ssh  $ "


def test_a_wrong_expression_is_named() -> None:
    with pytest.raises(ValueError, match="not a regular expression"):
        Regexp("(")


def test_an_expression_of_re2_takes_linear_time() -> None:
    assert Regexp("(a*)*b").search(b"a" * 100_000) is None


@pytest.mark.parametrize(
    ("header", "module", "timeout"),
    [
        ("", 0.0, 119.5),
        ("10", 0.0, 9.5),
        ("10", 5.0, 5.0),
        ("10", 20.0, 9.5),
        ("0.2", 5.0, 5.0),
        ("0", 0.0, 119.5),
        ("1e9", 0.0, 600.0),
    ],
)
def test_timeouts(header: str, module: float, timeout: float) -> None:
    assert probe_timeout(header, module, 0.5) == timeout


@pytest.mark.parametrize("header", ["soon", "nan", "inf", "5s", "1_0", " 5", "\u0665"])
def test_no_timeouts(header: str) -> None:
    with pytest.raises(ValueError):
        probe_timeout(header, 0.0, 0.5)


@pytest.mark.parametrize(
    ("text", "target"), [("a%2Fb", "a/b"), ("100%", "100%"), ("a+b", "a b"), ("a%zz", "a%zz")]
)
def test_the_second_decoding(text: str, target: str) -> None:
    assert decode_target(text) == target


@pytest.mark.parametrize(
    ("text", "split"),
    [
        ("a.example:80", ("a.example", 80)),
        ("[::1]:80", ("::1", 80)),
        ("::1:80", None),
        ("a.example", None),
        ("a.example:http", None),
        (":80", ("", 80)),
    ],
)
def test_host_and_port(text: str, split: tuple[str, int] | None) -> None:
    assert split_host_port(text) == split


def test_names_and_networks_of_a_policy() -> None:
    policy = parse_policy(["*.Example.com.", "2001:db8::/32", "192.0.2.1"])
    assert policy.refusal("shop.example.com") == ""
    assert policy.refusal("2001:db8::5") == ""
    assert policy.refusal("192.0.2.1") == ""
    assert policy.refusal("192.0.2.2") == "192.0.2.2 is not in an allowed network"
    assert parse_policy(["a.example"]).refusal("b.example") == "b.example is not an allowed name"
    assert "metadata" in policy.refusal("metadata.google.internal")


@pytest.mark.parametrize(
    ("origin", "address", "is_refused"),
    [
        ("203.0.113.1", "127.0.0.1", True),
        ("203.0.113.1", "::1", True),
        ("203.0.113.1", "192.168.0.1", True),
        ("203.0.113.1", "10.0.0.1", False),
        ("203.0.113.1", "198.51.100.1", False),
        ("192.168.0.1", "127.0.0.1", False),
    ],
)
def test_a_public_server_does_not_lead_into_a_private_network(
    origin: str, address: str, is_refused: bool
) -> None:
    net = GuardedNet(LocalNet(), parse_policy(["10.0.0.0/8"]))
    assert bool(net.redirect_refusal(origin, address)) is is_refused


@pytest.mark.parametrize("rule", ["", "*", "a b", "1.2.3.4/99"])
def test_no_policy(rule: str) -> None:
    with pytest.raises(ValueError):
        parse_policy([rule])


@pytest.mark.parametrize(
    ("text", "address"),
    [
        (":9115", ListenAddress("", 9115)),
        ("[::1]:1", ListenAddress("::1", 1)),
        ("127.0.0.1:0", ListenAddress("127.0.0.1", 0)),
    ],
)
def test_listen_addresses(text: str, address: ListenAddress) -> None:
    assert parse_listen_address(text) == address


def test_old_failures_stay_longer_than_successes() -> None:
    history = History(2)
    for number, success in enumerate((False, True, False, True, True)):
        history.add("m", f"t{number}", success, str)
    assert [result.id for result in history] == [0, 2, 3, 4]


@pytest.mark.parametrize(
    ("openssl", "iana"),
    [
        ("ECDHE-RSA-AES128-GCM-SHA256", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"),
        ("ECDHE-ECDSA-CHACHA20-POLY1305", "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256"),
        ("ECDHE-RSA-AES256-SHA", "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA"),
        ("AES128-SHA", "TLS_RSA_WITH_AES_128_CBC_SHA"),
        ("TLS_AES_128_GCM_SHA256", "TLS_AES_128_GCM_SHA256"),
    ],
)
def test_names_of_cipher_suites(openssl: str, iana: str) -> None:
    assert cipher_name(openssl) == iana


def load(folder: Path, text: str) -> str:
    file = folder / "b.yml"
    file.write_text(text)
    return to_yaml(load_configuration(str(file)))


def test_scalars_have_the_type_of_their_field(tmp_path: Path) -> None:
    text = load(tmp_path, """
modules:
  a:
    prober: http
    timeout: 90s
    http: &base
      headers: {X-Number: 0123, X-No: no}
      fail_if_ssl: yes
      valid_status_codes: [200, 301]
      body:
  b:
    prober: http
    http: {<<: *base, method: HEAD}
""")  # fmt: skip
    assert "X-Number: '0123'" in text
    assert "fail_if_ssl: true" in text
    assert "timeout: 1m30s" in text
    assert text.count("X-No: 'no'") == 2


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("modules: {a: {prober: smoke}}", "Invalid enum value 'smoke'"),
        ("modules: {a: {prober: http, htpp: {}}}", "unknown field `htpp`"),
        ("modules: {a: {prober: http}, b: {prober: tcp, x: 1}}", ".yml: module 'b': "),
        ("modules: {a: {prober: http, timeout: 5}}", "not a duration"),
        ("modules: {a: {prober: icmp, icmp: {ttl: 256}}}", "Expected `int` <= 255"),
        ("modules: {a: {prober: dns}}", "query_name must be set"),
        ("modules: {a: {prober: dns, dns: {query_name: a, query_type: X}}}", "query_type 'X'"),
        ("modules: {a: {prober: http, http: {body: a, body_file: b}}}", "exclude each other"),
        ("modules: [", "while parsing"),
        ("- a", "Expected `object`"),
        (
            "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
            + "".join(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]\n" for i in range(1, 30)),
            "its aliases make more than 1000000 values",
        ),
        ("modules: &a {b: *a}", "maximum recursion depth"),
        (
            "modules:\n  a: {prober: http}\n  a: {prober: tcp}",
            "the key 'a' is twice in the section of line 2",
        ),
    ],
)
def test_a_wrong_file_is_explained(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ConfigError) as raised:
        load(tmp_path, text)
    assert message in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("module", "option"),
    [
        ({"prober": "http"}, None),
        ({"prober": "unix"}, "prober: unix"),
        ({"prober": "http", "http": {"oauth2": {"client_id": "a"}}}, "http.oauth2"),
        ({"prober": "http", "http": {"tls_config": {"cert": "PEM"}}}, None),
        ({"prober": "tcp", "tcp": {"source_ip_address": "::1"}}, None),
    ],
)
def test_what_is_not_there_is_known(module: dict[str, object], option: str | None) -> None:
    assert unsupported_option(msgspec.convert(module, Module)) == option


def test_the_file_that_debian_brings_is_read(tmp_path: Path) -> None:
    """/etc/prometheus/blackbox.yml of prometheus-blackbox-exporter 0.26.0-1: its modules for the
    probers that are not here hold texts and booleans."""
    text = load(
        tmp_path,
        """
modules:
  grpc:
    prober: grpc
    grpc:
      tls: true
      preferred_ip_protocol: "ip4"
  grpc_plain:
    prober: grpc
    grpc:
      tls: false
      service: "service1"
  http_2xx:
    prober: http
    http:
      oauth2: {client_id: a, scopes: [b], tls_config: {insecure_skip_verify: true}}
""",
    )
    assert "http_2xx" in text
    assert "grpc_plain" in text


def test_a_missing_file_is_explained() -> None:
    with pytest.raises(ConfigError, match="No such file"):
        load_configuration("/nowhere/blackbox.yml")
