"""What the mounts of a container that ended tell of a file that it did not have."""

from dataclasses import replace

import pytest

from checks.listener._missing_mounts import missing_change, missing_facts
from diagnose.model.containers import BindMount, Container

WEB = Container(engine="docker", id="5e" * 32, name="web", state="exited")
LIVE = "/etc/letsencrypt/live"
FILE = f"{LIVE}/shop.example.com/fullchain.pem"


def facts(file: str, *mounts: tuple[str, str]) -> dict[str, str]:
    folders = tuple(BindMount(point, source) for source, point in mounts)
    told = missing_facts(replace(WEB, folders=folders), file)
    return {name: value for name, value in told.items() if value}


@pytest.mark.parametrize(
    ("source", "point", "file", "volume", "path"),
    [
        (LIVE, LIVE, FILE, "/etc/letsencrypt:/etc/letsencrypt:ro", ""),
        (
            f"{LIVE}/shop", f"{LIVE}/shop", f"{LIVE}/shop/privkey.pem",
            "/etc/letsencrypt:/etc/letsencrypt:ro", "",
        ),
        ("/srv/le/live", "/le/live", "/le/live/shop/privkey.pem", "/srv/le:/le:ro", ""),
        (
            f"{LIVE}/shop", "/etc/nginx/certs", "/etc/nginx/certs/privkey.pem",
            "/etc/letsencrypt:/etc/letsencrypt:ro", f"{LIVE}/shop/privkey.pem",
        ),
    ],
)  # fmt: skip
def test_the_links_of_certbot_lead_out_of_the_mount(
    source: str, point: str, file: str, volume: str, path: str
) -> None:
    told = facts(file, (source, point))
    assert (told["links_volume"], told.get("links_path", "")) == (volume, path)
    assert told["archive_point"] == point
    beside = "/etc/letsencrypt/archive/shop:/etc/archive/shop:ro" if path else ""
    assert told.get("archive_volume", "") == beside


def test_the_files_are_mounted_where_the_links_lead() -> None:
    """docker-nginx issue 636. Above the root of the container there is no folder."""
    told = facts("/cert/fullchain.pem", (f"{LIVE}/shop.example.com", "/cert"))
    name = "archive/shop.example.com"
    assert told["archive_volume"] == f"/etc/letsencrypt/{name}:/{name}:ro"
    folders = (BindMount("/cert", f"{LIVE}/shop.example.com"),)
    change = missing_change(replace(WEB, folders=folders), "/cert/fullchain.pem")
    text = "services:\n  web:\n    volumes:\n      - /etc/letsencrypt/live/shop.example.com:/cert\n"
    assert change
    assert f'      - "/etc/letsencrypt/{name}:/{name}:ro"\n' in change(text, "web")


def test_links_whose_files_are_mounted_are_not_to_blame() -> None:
    both = facts(FILE, (LIVE, LIVE), ("/etc/letsencrypt/archive", "/etc/letsencrypt/archive"))
    whole = facts(FILE, ("/etc/letsencrypt", "/etc/letsencrypt"))
    assert both == whole == {"missing_source": FILE}
    other = "/srv/live/keys/shop.pem"
    assert facts(other, ("/srv/live", "/srv/live")) == {"missing_source": other}


def test_the_path_is_the_servers() -> None:
    told = facts(FILE, ("/etc/letsencrypt", "/certs"), ("/srv/html", "/html"))
    assert told["seen_file"] == "/certs/live/shop.example.com/fullchain.pem"
    assert told["seen_volume"] == "/etc/letsencrypt:/etc/letsencrypt:ro"


def test_nothing_is_known_without_a_file_or_a_mount() -> None:
    assert not facts("", (LIVE, LIVE))
    assert not facts(FILE)
    assert not facts(FILE, ("/", "/host"))
