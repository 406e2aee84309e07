"""Pages run by Streamlit's AppTest, without what it does at every run and a server once."""

import functools
from collections.abc import Iterator
from contextlib import contextmanager

from streamlit.components.v2 import manifest_scanner


@contextmanager
def as_a_server_does() -> Iterator[None]:
    """Look through the installed packages for components once, not at every run, where it takes half of the time."""
    scan = manifest_scanner.scan_component_manifests
    manifest_scanner.scan_component_manifests = functools.cache(scan)
    try:
        yield
    finally:
        manifest_scanner.scan_component_manifests = scan
