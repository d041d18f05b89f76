"""PHP-FPM with a program whose one script answers a few paths, or only with scripts of their own.

    python -m tests.lab.applications.fpm_server 127.0.0.1:9000 /index.php/users /users

The script is the file of SCRIPT_FILENAME; with the default `cgi.fix_pathinfo=1` a part of that path
will do, and what comes behind it is PATH_INFO (sapi/fpm/fpm/fpm_main.c, init_request_info()). With
paths given, index.php answers these alone, by REQUEST_URI, and all others with its own 404.
A body that is larger than PHP's default post_max_size is dropped with a warning (main/SAPI.c).
"PATH:token" is a path that wants the field Authorization, "PATH:basic" one that asks for the user
"anna" by a Basic challenge, "PATH:page" one that does so with PHP's own field, and "PATH:events" a
stream of events, one a second. A place that is a
path of the file system is a Unix socket.
"""

import asyncio
import sys
from pathlib import Path, PurePosixPath

from tests.lab.applications.gateway_server import ends_request, php, record

POST_MAX_SIZE = 8 << 20
ANNA = "YW5uYTpzZWNyZXQ="  # anna:secret
PAGE = "<!doctype html><title>Shop</title><p>It works.</p>\n"
MISSING = "<!doctype html><title>Not Found</title><p>404 | Not Found</p>\n"


def params(data: bytes) -> dict[str, str]:
    """The pairs of the FCGI_PARAMS records (FastCGI 1.0 sections 3.3 and 3.4)."""
    content, pairs = b"", {}
    while len(data) >= 8:
        length, padding = int.from_bytes(data[4:6], "big"), data[6]
        if data[1] == 4:
            content += data[8 : 8 + length]
        data = data[8 + length + padding :]
    while content:
        sizes = []
        for _ in range(2):
            if content[0] < 128:
                sizes.append(content[0])
                content = content[1:]
            else:
                sizes.append(int.from_bytes(content[:4], "big") & 0x7FFFFFFF)
                content = content[4:]
        name, value = content[: sizes[0]], content[sizes[0] : sum(sizes)]
        pairs[name.decode("latin-1")] = value.decode("latin-1")
        content = content[sum(sizes) :]
    return pairs


def script(filename: str) -> Path | None:
    """The file, or the nearest part of the path that is a file. What Apache's mod_proxy_fcgi writes
    before it ("proxy:fcgi://localhost") does not count (sapi/fpm/fpm/fpm_main.c)."""
    if filename.startswith("proxy:fcgi://"):
        filename = f"/{filename.removeprefix('proxy:fcgi://').partition('/')[2]}"
    path = PurePosixPath(filename)
    return next((Path(part) for part in (path, *path.parents) if Path(part).is_file()), None)


def answer(data: bytes, routes: tuple[str, ...]) -> bytes:
    pairs = params(data)
    filename = pairs.get("SCRIPT_FILENAME", "")
    if not filename:
        return record(6, b"Content-type: text/html\r\n\r\n") + record(6, b"") + record(3, bytes(8))
    file = script(filename)
    if file is None:
        return php()
    path = pairs.get("REQUEST_URI", "/").partition("?")[0]
    if f"{path}:token" in routes:
        has_token = bool(pairs.get("HTTP_AUTHORIZATION"))
        words = "Token is invalid" if has_token else "JWT token not provided"
        head = "Status: 401 Unauthorized\r\nContent-type: application/json\r\n\r\n"
        text = f'{head}{{"code":401,"message":"Not authorized: {words}"}}'
        return record(6, text.encode()) + record(6, b"") + record(3, bytes(8))
    asking = {f"{path}:basic", f"{path}:page"}.intersection(routes)
    if asking and not pairs.get("HTTP_AUTHORIZATION", "").endswith(ANNA):
        head = "Status: 401 Unauthorized\r\nWWW-Authenticate: Basic realm=app\r\n"
        head += "X-Powered-By: PHP/8.2.29\r\n" if f"{path}:page" in asking else ""
        text = f"{head}Content-type: text/html\r\n\r\n<p>Log in</p>"
        return record(6, text.encode()) + record(6, b"") + record(3, bytes(8))
    known = not routes or file.name != "index.php" or path in routes
    status = "" if known else "Status: 404 Not Found\r\n"
    head = f"{status}X-Powered-By: PHP/8.2.29\r\nContent-type: text/html; charset=UTF-8\r\n\r\n"
    page = PAGE if known else MISSING
    body = record(6, f"{head}{page}".encode()) + record(6, b"") + record(3, bytes(8))
    return _warning(int(pairs.get("CONTENT_LENGTH") or 0)) + body


def _warning(size: int) -> bytes:
    words = (
        f"PHP message: PHP Warning:  POST Content-Length of {size} bytes exceeds the limit of "
        f"{POST_MAX_SIZE} bytes in Unknown on line 0"
    )
    return record(7, words.encode()) if size > POST_MAX_SIZE else b""


async def events(writer: asyncio.StreamWriter) -> None:
    """Send a stream of events (HTML standard 9.2), each at once."""
    writer.write(record(6, b"Content-type: text/event-stream\r\n\r\n"))
    for number in range(5):
        writer.write(record(6, f"data: {number}\n\n".encode()))
        await writer.drain()
        await asyncio.sleep(1)
    writer.write(record(6, b"") + record(3, bytes(8)))


async def main(place: str, routes: tuple[str, ...]) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        data = await reader.read(65536)
        while data[:1] == b"\x01" and not ends_request(data) and data[1] != 9:
            data += await reader.read(65536)
        if data[:2] == bytes((1, 9)):
            writer.write(bytes((1, 10, 0, 0, 0, 0, 0, 0)))
        elif data[:1] == b"\x01":
            path = params(data).get("REQUEST_URI", "/").partition("?")[0]
            if f"{path}:events" in routes:
                await events(writer)
            else:
                writer.write(answer(data, routes))
        await writer.drain()
        writer.close()

    if place.startswith("/"):
        server = await asyncio.start_unix_server(serve, place)
    else:
        host, _, port = place.rpartition(":")
        server = await asyncio.start_server(serve, host, int(port))
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], tuple(sys.argv[2:])))
