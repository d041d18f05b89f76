"""Lines of mountinfo as podman 5.4 with crun 1.21 made them for a container (`-v …:…`), with its
folders shortened; the others are made of them."""

from diagnose.parsers.linux.mounts import Mount, bind_mounts, parse_mount

LIB = "/var/lib/containers"
OURS = tuple(
    mount
    for line in ("254:0 / /", "0:26 / /run", "0:31 /shop /srv/shop")
    if (mount := parse_mount(line))
)


def inner(*lines: str) -> tuple[Mount, ...]:
    return tuple(mount for line in lines if (mount := parse_mount(line)))


def test_files_of_the_server_are_told_from_the_image() -> None:
    theirs = inner(
        f"254:0 {LIB}/storage/rootfs /",
        "0:87 / /proc",
        "0:88 / /dev",
        "254:0 /usr /usr",
        f"254:0 {LIB}/userdata/hosts /etc/hosts",
        "254:0 /srv/nginx.conf /etc/nginx/nginx.conf",
        "0:26 /secrets/key.pem /etc/nginx/key.pem",
        "0:99 / /var/cache/nginx",
    )
    found = {point: source for point, source, _ in bind_mounts(OURS, theirs)}
    assert found == {
        "/usr": "/usr",
        "/etc/hosts": f"{LIB}/userdata/hosts",
        "/etc/nginx/nginx.conf": "/srv/nginx.conf",
        "/etc/nginx/key.pem": "/run/secrets/key.pem",
    }


def test_a_folder_that_the_server_has_mounted_elsewhere() -> None:
    ((point, source, replaced),) = bind_mounts(OURS, inner("0:31 /shop/certs /etc/nginx/ssl"))
    assert (point, source, replaced) == ("/etc/nginx/ssl", "/srv/shop/certs", False)


def test_a_file_that_lost_its_name() -> None:
    ((_, source, replaced),) = bind_mounts(OURS, inner("254:0 /srv/chain.pem//deleted /c.pem"))
    assert (source, replaced) == ("/srv/chain.pem", True)


def test_the_longest_path_comes_first_and_nothing_is_known_without_both() -> None:
    theirs = inner("254:0 /a /etc/nginx", "254:0 /b /etc/nginx/ssl")
    assert [point for point, *_ in bind_mounts(OURS, theirs)] == ["/etc/nginx/ssl", "/etc/nginx"]
    assert bind_mounts((), theirs) == bind_mounts(OURS, ()) == ()
