"""The kinds of long work, one module each with ``run(workspace, params, progress) -> result``.

Every kind can be run again: it then does only what is not done.
"""

from collections.abc import Callable
from importlib import import_module
from typing import Any

from songfeat.errors import UnknownName
from store.progress import Progress
from store.workspace import Workspace

Work = Callable[[Workspace, dict[str, Any], Progress], dict[str, Any]]

_MODULES = {
    "import": "store.work.import_tables",
    "scan": "store.work.scan_folder",
    "extract": "store.work.extract",
    "predict": "store.work.predict",
    "predict_library": "store.work.predict_library",
    "pretrain": "store.work.pretrain",
    "train": "store.work.train",
    "sweep": "store.work.sweep",
    "report": "store.work.report",
    "demo": "store.work.demo",
    "collect": "store.work.collect",
    "levels": "store.work.measure_levels",
    "rebuild": "store.work.rebuild",
}


def load_work(kind: str) -> Work:
    """The function that does a kind of work; loaded late, as some need torch.

    Raises
    ------
    UnknownName
        If there is no such kind.
    """
    if kind not in _MODULES:
        raise UnknownName("kind of job", kind, _MODULES)
    work: Work = import_module(_MODULES[kind]).run
    return work
