"""Passes connections on to a port of loopback, or of another machine, as sslh does. With a
certificate it ends TLS, as stunnel does.

    python -m tests.lab.applications.relay ADDRESS PORT INNER-PORT [CERTIFICATE KEY | MACHINE]
"""

import asyncio
import ssl
import sys

SIZE = 65536


async def copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(SIZE):
            writer.write(data)
            await writer.drain()
    except OSError:
        pass
    finally:
        writer.close()


async def main(address: str, port: str, inner: str, *more: str) -> None:
    tls, machine = (more, "127.0.0.1") if len(more) != 1 else ((), more[0])

    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            inner_reader, inner_writer = await asyncio.open_connection(machine, int(inner))
        except OSError:
            writer.close()
            return
        await asyncio.gather(copy(reader, inner_writer), copy(inner_reader, writer))

    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH) if tls else None
    if context:
        context.load_cert_chain(*tls)
    server = await asyncio.start_server(relay, address, int(port), ssl=context)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
