"""Prints who the metadata service says this machine is, as the program asks it. The argument is the
provider's name."""

import asyncio
import sys

from diagnose.cloud.registry import provider
from diagnose.machine.local import LocalMachine
from diagnose.probes.cloud_rules import identify

providers = tuple(filter(None, map(provider, sys.argv[1:])))
instance, metadata = asyncio.run(identify(LocalMachine(), providers))
print(metadata, instance.id if instance else "-", instance.private_address if instance else "-")
