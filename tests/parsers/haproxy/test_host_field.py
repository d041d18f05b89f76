from diagnose.model import Target
from diagnose.parsers.haproxy.config import parse
from diagnose.parsers.haproxy.host_field import fixed_host
from diagnose.parsers.haproxy.view import target_proxies

TEXT = "frontend web\n  mode http\n  bind :8443 ssl crt a.pem\n  use_backend app if { %s }\n"
BACKEND = "backend app\n  mode http\n  server a 127.0.0.1:3000\n"


def host_of(*lines: str) -> str:
    text = "backend app\n" + "".join(f"  {line}\n" for line in lines)
    backend = parse([("haproxy.cfg", text)]).backend("app")
    assert backend
    return fixed_host(backend.lines)


def is_chosen(condition: str, port: int = 8443) -> bool:
    text = TEXT.replace(":8443", f":{port}") % condition + BACKEND
    target = Target("shop.example.com", "https", "shop.example.com", port)
    proxies = target_proxies(parse([("haproxy.cfg", text)]), target)
    assert proxies
    assert proxies.is_decided
    return proxies.selection is not None


def test_the_host_that_rules_set() -> None:
    assert host_of("http-request set-header Host app.internal") == "app.internal"
    assert host_of("http-request replace-header Host .* app.internal") == "app.internal"
    assert host_of("http-request replace-header Host ^www(.*)$ \\1") == ""
    assert host_of("http-request set-header Host %[hdr(x)]") == ""
    assert host_of("http-request set-header Host a if { path /b }") == ""


def test_the_port_in_the_host_field_is_compared() -> None:
    assert not is_chosen("hdr(host) -i shop.example.com")
    assert is_chosen("hdr(host) -i shop.example.com", 443)
    assert is_chosen("hdr(host) -i shop.example.com:8443")
    assert is_chosen("hdr(host),field(1,:) -i shop.example.com")
    assert is_chosen("hdr_beg(host) -i shop.example.com")
    assert is_chosen("hdr_dom(host) -i shop.example.com")
