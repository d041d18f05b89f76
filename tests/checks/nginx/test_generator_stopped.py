"""nginx.generator-stopped: when it fires, and when it is silent."""

from dataclasses import replace

import pytest

from diagnose.model import Claim, Command, Vantage
from diagnose.model.containers import Container, Containers
from diagnose.model.http import Exchange
from tests.support.check_evidence import judge, texts
from tests.support.nginx_evidence import config

CHECK = "nginx.generator-stopped"
TEXT = """\
# shop.example.com
upstream shop.example.com {
  server 172.18.0.5:80;
}
server {
  listen 443 ssl;
  server_name shop.example.com;
  location / { proxy_pass http://shop.example.com; }
}
"""
GENERATOR = Container(
    engine="docker", id="a" * 64, name="nginx-gen", image="nginxproxy/docker-gen:latest",
    state="exited", status="Exited (0) 2 hours ago", restart="unless-stopped",
)  # fmt: skip
PAGE = Exchange(url="https://shop.example.com/", address="203.0.113.10", port=443, status=502)


def claims(generator: Container = GENERATOR, text: str = TEXT, status: int = 502) -> list[Claim]:
    seen = Containers(vantage=Vantage.SERVER, engines=("docker",), containers=(generator,))
    return judge(CHECK, config(text), seen, replace(PAGE, status=status), masked=False)


def test_fires_where_docker_gen_has_ended() -> None:
    (claim,) = claims()
    assert claim.fix
    (step,) = claim.fix.steps
    assert isinstance(step, Command)
    assert step.argv == ("docker", "start", "nginx-gen")
    assert "does not run" in texts(CHECK, claim)[0]


@pytest.mark.parametrize(
    "changed",
    [
        {"generator": replace(GENERATOR, state="running", status="Up 2 hours")},
        {"generator": replace(GENERATOR, image="shop/app:1")},
        {"text": TEXT.replace("# shop.example.com\n", "")},
        {"status": 200},
        # The application fails by itself.
        {"status": 500},
    ],
)
def test_silent_without_one_of_it(changed: dict[str, object]) -> None:
    assert not claims(**changed)  # type: ignore[arg-type]
