"""The containers that have a file."""

from diagnose.parsers.linux.held_files import held_file

A, B = "a" * 64, "b" * 64
PATH = "/app/static/app.css"


def test_the_innermost_mount_of_the_first_container_with_one() -> None:
    text = (
        f"holder {A}\n/srv/logs\t/var/log\t\n"
        f"holder {B}\n/srv/shop\t/app\t\n"
        "/var/lib/docker/volumes/shop_s/_data\t/app/static\tshop_s\n"
    )
    held = held_file(text, PATH)
    assert held is not None
    assert (held.container, held.source, held.volume, held.point) == (
        B,
        "",
        "shop_s",
        "/app/static",
    )


def test_a_file_of_an_image_and_none() -> None:
    held = held_file(f"holder {A}\n", PATH)
    assert held is not None
    assert not held.point
    assert held_file("", PATH) is None
    assert held_file("holder x\n/a\t/app\n", PATH) is None
