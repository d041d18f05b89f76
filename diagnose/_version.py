"""The version, in a module of its own so that `diagnose --version` need import nothing else."""

VERSION = "0.1.0"
