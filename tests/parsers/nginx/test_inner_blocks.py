from dataclasses import replace

from diagnose.model import Target
from diagnose.parsers.nginx import config as nginx_parser
from diagnose.parsers.nginx import server_blocks
from diagnose.parsers.nginx.inner_blocks import InnerRequest, NginxBehind, inner_requests

TARGET = Target("shop.example.com", "https", "shop.example.com", 443, "/docs?q=1")
OUTER = "proxy_pass http://127.0.0.1:8080; proxy_set_header Host $host;"
FILES = "listen 8080; server_name shop.example.com; root /srv;"


def way(outer: str, *inner: str, target: Target = TARGET) -> tuple[InnerRequest, ...]:
    blocks = "".join(f"server {{ {lines} }}\n" for lines in inner)
    text = (
        "http {\nserver { listen 443 ssl; server_name shop.example.com;\n"
        f"location / {{ {outer} }} }}\n{blocks}}}\n"
    )
    servers = server_blocks.servers(nginx_parser.parse(text, "nginx.conf"))
    return inner_requests(servers, servers[0], target, {"203.0.113.10"})


def test_the_block_behind_gets_plain_http_and_the_visitors_name() -> None:
    (inner,) = way(OUTER, FILES)
    assert (inner.host, inner.name_match, inner.path) == ("shop.example.com", "exact", "/docs?q=1")
    assert inner.variables["scheme"] == "http"
    assert inner.variables["server_port"] == "8080"
    assert not inner.passes_on


def test_the_default_block_answers_another_name() -> None:
    (inner,) = way("proxy_pass http://127.0.0.1:8080;", "listen 8080; return 404;", FILES)
    assert inner.name_match == "default"
    assert inner.host == "127.0.0.1:8080"


def test_the_way_goes_on_behind_a_block_that_passes_on() -> None:
    middle = f"listen 8081; location / {{ {OUTER} }}"
    inner = way(OUTER.replace("8080", "8081"), middle, FILES)
    assert [request.socket.port for request in inner] == [8081, 8080]


def test_a_field_is_what_the_last_block_set() -> None:
    told = f"{OUTER} proxy_set_header X-Forwarded-Proto $scheme;"
    app = "location / { proxy_pass http://127.0.0.1:3000; proxy_set_header %s; }"
    listen = "listen 8080; server_name shop.example.com;"
    (inner,) = way(told, f"{listen} {app % 'X-Forwarded-Proto $scheme'}")
    assert inner.fields["x-forwarded-proto"] == "https"
    assert inner.forwarded_value("X-Forwarded-Proto") == "http"
    (inner,) = way(told, f"{listen} {app % 'Host $host'}")
    assert inner.forwarded_value("X-Forwarded-Proto") == "https"
    (inner,) = way(told, f"{listen} {app % 'X-Forwarded-Proto $some_module'}")
    assert inner.forwarded_value("X-Forwarded-Proto") is None


def test_an_address_of_this_machine_is_a_way_too() -> None:
    assert way(OUTER.replace("127.0.0.1", "203.0.113.10"), FILES)
    assert not way(OUTER.replace("127.0.0.1", "203.0.113.20"), FILES)


def test_no_way_is_known() -> None:
    assert not way("proxy_pass http://127.0.0.1:3000;", FILES), "an application"
    assert not way("root /srv;", FILES)
    assert not way("proxy_pass http://unix:/run/app.sock;", FILES)
    assert not way("proxy_pass http://$name;", FILES), "a variable that is not known"
    assert not way(OUTER, FILES.replace("8080", "8080 ssl")), "it speaks TLS"
    assert not way(f"{OUTER} proxy_set_header Host $some_module;", FILES)
    assert not way(f"if ($cookie_a) {{ rewrite ^ /b break; }} {OUTER}", FILES), "an open condition"


def test_a_circle_ends() -> None:
    again = f"listen 8080; location / {{ {OUTER.replace('8080', '8081')} }}"
    assert len(way(OUTER, again, again.replace("8080;", "X;").replace("8081", "8080"))) <= 4
    one = f"listen 8081; location / {{ {OUTER} }}"
    two = f"listen 8080; location / {{ {OUTER.replace('8080', '8081')} }}"
    assert len(way(OUTER, one, two)) == 4


def test_a_path_is_as_the_block_gets_it() -> None:
    outer = OUTER.replace("8080", "8080/shop/")
    (inner,) = way(outer, FILES, target=replace(TARGET, path="/docs"))
    assert inner.path == "/shop/docs"


INSIDE = "http { server { listen 80; location / { proxy_pass http://app:5001; %s } } }"


def through(outer: str, lines: str) -> tuple[InnerRequest, ...]:
    text = (
        "http {\nserver { listen 443 ssl; server_name shop.example.com;\n"
        f"location / {{ {outer} }} }}\n}}\n"
    )
    servers = server_blocks.servers(nginx_parser.parse(text, "nginx.conf"))
    inside = server_blocks.servers(nginx_parser.parse(INSIDE % lines, "web:nginx.conf"))
    behind = NginxBehind(inside, {("127.0.0.1", 8088)}, 80, "web")
    return inner_requests(servers, servers[0], TARGET, (), (behind,))


def test_the_way_goes_on_in_a_container() -> None:
    outer = "proxy_pass http://127.0.0.1:8088; proxy_set_header X-Forwarded-Proto $scheme;"
    (inner,) = through(outer, "proxy_set_header X-Forwarded-Proto $scheme;")
    assert (inner.container, inner.passes_on) == ("web", True)
    assert inner.fields["x-forwarded-proto"] == "https"
    assert inner.forwarded_value("X-Forwarded-Proto") == "http"
    assert not through(outer.replace("8088", "8089"), "")
    assert not through(outer.replace("http://127", "https://127"), "")


def test_a_block_behind_it_is_in_the_same_container() -> None:
    outer = "proxy_pass http://127.0.0.1:8088;"
    own = "} } server { listen 127.0.0.1:3001; location / { root /srv;"
    first, second = through(
        outer, own.replace("} }", "} location /docs { proxy_pass http://127.0.0.1:3001; } }", 1)
    )
    assert (first.container, second.container) == ("web", "web")
    assert second.socket.port == 3001
