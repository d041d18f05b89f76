"""PHP-FPM in a container that does not see the site's files: "Primary script unknown" and "File not
found.", after https://stackoverflow.com/q/29905953 and questions about docker compose."""

from ..containers import Engine
from ..hosts import REPOSITORY
from ..lab import Lab
from ..scenario import UNLOGGED, healthy, scenario
from .page_assets import PAGE

MOUNT = "the container has to be started anew"
#: PHP-FPM of the image php:fpm, which listens on all addresses.
FPM = """
import asyncio
from tests.lab.applications.gateway_server import ends_request, php_files

async def serve(reader, writer):
    data = await reader.read(65536)
    while data[:4] != b"GET " and not ends_request(data) and (more := await reader.read(65536)):
        data += more
    if data[:4] != b"GET ":
        writer.write(php_files(data))
    await writer.drain()
    writer.close()

async def main():
    async with await asyncio.start_server(serve, "0.0.0.0", 9000) as server:
        await server.serve_forever()

asyncio.run(main())
"""
UNMOUNTED = dict.fromkeys(("built-*", "panel"), "its nginx is not that of the laboratory")


def _php(lab: Lab, binds: tuple[tuple[str, str], ...], script: str = "") -> None:
    lab.server.write("/srv/shop/index.php", "<?php echo 'Shop';\n")
    lab.undo(lambda: lab.server.sh("rm -rf /srv/shop"))
    engine = Engine(lab)
    argv = ["env", f"PYTHONPATH={REPOSITORY}", *lab.server.python("-c", FPM)]
    address = engine.run("fpm", argv, ports=[(9000, 9000)], binds=binds)
    engine.reaches(address, 9000)
    lines = "    include fastcgi.conf;\n    fastcgi_pass 127.0.0.1:9000;\n"
    if script:
        lines = lines.replace("fastcgi.conf", "fastcgi_params")
        lines += f"    fastcgi_param SCRIPT_FILENAME {script};\n"
    php = f"  location ~ \\.php$ {{\n{lines}  }}\n"
    pages = "  root /srv/shop;\n  location / {\n    try_files $uri /index.php?$args;\n  }\n"
    lab.change(PAGE, f"{pages}{php}\n")


@scenario(
    outside="http.answer-says-why",
    server="upstream.script-not-found",
    manual=MOUNT,
    not_on=UNLOGGED | UNMOUNTED,
)
def php_in_a_container_without_the_site(lab: Lab) -> None:
    _php(lab, ())


@scenario(
    outside="http.answer-says-why",
    server="upstream.script-not-found",
    manual=MOUNT,
    not_on=UNLOGGED | UNMOUNTED,
)
def php_in_a_container_sees_the_site_elsewhere(lab: Lab) -> None:
    _php(lab, (("/srv/shop", "/var/www/html"),))


@healthy(not_on=UNMOUNTED)
def php_in_a_container_with_the_site(lab: Lab) -> None:
    _php(lab, (("/srv/shop", "/srv/shop"),))


@healthy(not_on=UNMOUNTED)
def php_in_a_container_is_told_the_other_path(lab: Lab) -> None:
    _php(lab, (("/srv/shop", "/var/www/html"),), "/var/www/html$fastcgi_script_name")


@scenario(
    outside="http.server-error",
    server="upstream.wrong-protocol",
    manual="the location of PHP has to be written",
    not_on=UNMOUNTED,
)
def php_in_a_container_is_asked_in_http(lab: Lab) -> None:
    """`proxy_pass http://` to the port at which the container of PHP-FPM is published."""
    engine = Engine(lab)
    argv = lab.server.application("fpm_server", "0.0.0.0:9000")
    address = engine.run("fpm", argv, ports=[(8080, 9000)])
    engine.reaches(address, 9000)
    lab.change(PAGE, "  location / { proxy_pass http://127.0.0.1:8080; }\n\n")
