"""How a training goes, epoch by epoch, as its run's folder tells while it is under way and afterwards."""

import json
from dataclasses import dataclass

import pandas as pd

from songfeat.folds import folds_in
from songfeat.labels import ALL_TARGETS
from store.catalogue import Catalogue
from store.jobs import Job
from store.workspace import Workspace

HISTORY_FILE = "history.jsonl"

RUN_ID_FILE = "run_id.txt"
"""In a training job's folder: the id of its run."""


@dataclass(frozen=True, kw_only=True, eq=False)
class History:
    """Learning curves in long form.

    Attributes
    ----------
    losses : pandas.DataFrame
        Columns epoch, part (``"train"`` or ``"val"``), loss.
    errors : pandas.DataFrame
        Columns epoch, feature, value: the mean absolute error on the validation part.
    fold : str or None
        Of which fold, in a cross-validation.
    """

    losses: pd.DataFrame
    errors: pd.DataFrame
    fold: str | None = None

    @property
    def epochs(self) -> int:
        """How many epochs are done."""
        return 0 if self.losses.empty else int(self.losses["epoch"].max())


def read(workspace: Workspace, run_id: str) -> History:
    """The history of a run so far; empty where it has none, as before its first epoch ends.

    Of a cross-validation it is that of the fold that was trained last.
    """
    folder = workspace.child(workspace.runs, run_id, "run")
    paths = [path for path in (folder, *folds_in(folder)) if (path / HISTORY_FILE).exists()]
    text = (paths[-1] / HISTORY_FILE).read_text(encoding="utf-8") if paths else ""
    # What follows the last line break is still being written.
    rows = [json.loads(line) for line in text.split("\n")[:-1] if line.strip()]
    losses = [
        {"epoch": row["epoch"], "part": part, "loss": row[f"{part}_loss"]} for row in rows for part in ("train", "val")
    ]
    errors = [
        {"epoch": row["epoch"], "feature": feature, "value": value}
        for row in rows
        for feature, value in row["val_mae"].items()
    ]
    return History(
        losses=pd.DataFrame(losses, columns=["epoch", "part", "loss"]),
        errors=pd.DataFrame(errors, columns=["epoch", "feature", "value"]),
        fold=paths[-1].name if paths and paths[-1] != folder else None,
    )


def mean_errors(catalogue: Catalogue, run_id: str, *, fold: str | None) -> dict[str, float]:
    """What the mean predictor scores where a run is tuned: by target its mean absolute error on the validation part.

    Empty for a run without a snapshot of its songs.
    """
    path = catalogue.workspace.child(catalogue.workspace.runs, run_id, "run") / "snapshot.parquet"
    if not path.exists():
        return {}
    snapshot = pd.read_parquet(path)
    parts = snapshot[fold or "part"]
    known = snapshot[[name for name in ALL_TARGETS if name in snapshot]]
    away = (known[parts == "val"] - known[parts == "train"].mean()).abs().mean()
    return {str(name): float(value) for name, value in away.dropna().items()}


def run_of(job: Job) -> str | None:
    """The run that a training job makes or made; None until it has one."""
    path = job.folder / RUN_ID_FILE
    name = path.read_text(encoding="utf-8").strip() if path.exists() else ""
    return name or (job.result or {}).get("run_id")
