"""httpx without its command line: whatever uses httpx imports it from here.

On import, httpx loads its command line and with it click, rich and pygments if they are installed
(20 ms and 90 modules). It works without them if that module cannot be imported.
"""

import sys

_unwanted = "httpx._main"
if _unwanted not in sys.modules:
    sys.modules[_unwanted] = None  # type: ignore[assignment]
    import httpx as httpx

    del sys.modules[_unwanted]
else:
    import httpx as httpx
