"""A certificate and its key that stand in a configuration file, for OpenSSL, which takes files."""

import os
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile


def load_chain(context: ssl.SSLContext, chain: str | Path, key: str | Path | None) -> None:
    """Load a certificate chain with its key: a `str` is the PEM text, a `Path` the file. Without a
    key, the chain's own text or file holds it. Raise OSError (ssl.SSLError is one)."""
    with _as_file(chain) as chain_file:
        if key is None:
            context.load_cert_chain(chain_file)
            return
        with _as_file(key) as key_file:
            context.load_cert_chain(chain_file, key_file)


@contextmanager
def _as_file(pem: str | Path) -> Iterator[str]:
    """Yield a name under which the text can be read. A key never reaches a disk where the system
    has files in memory (memfd_create(2))."""
    if isinstance(pem, Path):
        yield str(pem)
    elif hasattr(os, "memfd_create"):
        descriptor = os.memfd_create("pem")
        try:
            with open(descriptor, "wb", closefd=False) as file:
                file.write(pem.encode())
            yield f"/proc/self/fd/{descriptor}"
        finally:
            os.close(descriptor)
    else:
        with NamedTemporaryFile("w", suffix=".pem") as file_of_text:
            file_of_text.write(pem)
            file_of_text.flush()
            yield file_of_text.name
