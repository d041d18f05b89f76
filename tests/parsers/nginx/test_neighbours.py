"""The applications of other locations, for a path that nginx answers from files."""

import pytest

from diagnose.parsers.nginx import server_blocks
from diagnose.parsers.nginx.config import parse
from diagnose.parsers.nginx.locations import proxy_pass_of
from diagnose.parsers.nginx.neighbours import neighbours_of, origin_of

API = "location /api/ { proxy_pass http://127.0.0.1:3000/v1/; }"
FILES = "location / { root /srv; }"


def origins(lines: str, path: str = "/socket.io/") -> list[str]:
    (server,) = server_blocks.servers(parse(f"http {{ server {{ {lines} }} }}", "/n.conf"))
    passes = [proxy_pass_of(match) for match in neighbours_of(server, path)]
    return [origin_of(directive) for directive in passes if directive]


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        (API + FILES, ["http://127.0.0.1:3000"]),
        (API, ["http://127.0.0.1:3000"]),
        (API + "location /v2/ { proxy_pass http://127.0.0.1:3000; }", ["http://127.0.0.1:3000"]),
        (API + "location /b/ { proxy_pass http://unix:/run/b.sock:/; }",
         ["http://127.0.0.1:3000", "http://unix:/run/b.sock"]),
        (API + "location /v/ { proxy_pass http://$host:80; }", ["http://127.0.0.1:3000"]),
        (FILES, []),
        (API + "location / { return 404; }", []),
        (API + "location / { proxy_pass http://127.0.0.1:1; }", []),
        (API + "location /socket.io/ { if ($http_upgrade) { return 403; } }", []),
        (API + "return 301 https://b.example;", []),
        (API + "location / { try_files $uri /api/x; }", []),
    ],
)  # fmt: skip
def test_finds_the_applications_beside_files(lines: str, found: list[str]) -> None:
    assert origins(lines) == found


def test_keeps_three_at_most() -> None:
    many = "".join(
        f"location /{port}/ {{ proxy_pass http://127.0.0.1:{port}; }}" for port in range(3000, 3009)
    )
    assert len(origins(many)) == 3
