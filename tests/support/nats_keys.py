"""Keys and certificates for a NATS server of a test."""

import os
from pathlib import Path

import nkeys
import trustme


def user_key(folder: Path, name: str) -> tuple[Path, str]:
    """Return a file with the seed of a new user, and the public key, which the server knows."""
    seed = nkeys.encode_seed(os.urandom(32), nkeys.PREFIX_BYTE_USER)
    path = folder / f"{name}.nk"
    path.write_bytes(bytes(seed) + b"\n")
    return path, nkeys.from_seed(bytearray(seed)).public_key.decode()


def tls_config(folder: Path) -> tuple[Path, str]:
    """Return a file with the root to trust, and the server's configuration of TLS."""
    authority = trustme.CA()
    leaf = authority.issue_cert("127.0.0.1")
    root, pem, key = folder / "ca.pem", folder / "leaf.pem", folder / "leaf.key"
    authority.cert_pem.write_to_path(root)
    leaf.cert_chain_pems[0].write_to_path(pem)
    leaf.private_key_pem.write_to_path(key)
    return root, f'tls {{ cert_file: "{pem}", key_file: "{key}" }}'
