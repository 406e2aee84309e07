"""Searches over a model's settings: what was asked, and what each trial brought."""

import json
from dataclasses import dataclass
from typing import Any

import pandas as pd

from songfeat.errors import UnknownName
from store.catalogue import Catalogue

DONE, PRUNED, FAILED = "done", "pruned", "failed"
"""How a trial ends: with a value, given up as worse than most, or without numbers."""

_TRIAL_COLUMNS = ("number", "settings", "value", "state", "epochs", "seconds", "error", "val_errors")


@dataclass(frozen=True, kw_only=True)
class Sweep:
    """What a search is about.

    Attributes
    ----------
    fixed : mapping of str to str
        Settings that are given, not searched.
    digest : str
        Of the data and of what may be drawn: trials under another one cannot be compared with these.
    """

    sweep_id: str
    model: str
    targets: tuple[str, ...]
    source: str
    split: str
    seed: int
    spec: str | None
    fixed: dict[str, str]
    digest: str


@dataclass(frozen=True, kw_only=True)
class Trial:
    """One training of a search.

    Attributes
    ----------
    number : int
        From 0.
    settings : mapping
        What was drawn.
    value : float or None
        The error on the validation part, in units of that of always answering
        the training mean; None unless `state` is ``"done"``.
    state : str
        ``"done"``, ``"pruned"`` or ``"failed"``.
    seconds : float
    error : str or None
        Why it failed, in words.
    val_errors : tuple of float
        The same error after each epoch; empty for a model without epochs.
    """

    number: int
    settings: dict[str, Any]
    value: float | None
    state: str
    seconds: float
    error: str | None
    val_errors: tuple[float, ...]

    @property
    def epochs(self) -> int:
        return len(self.val_errors)


def begin(catalogue: Catalogue, sweep: Sweep) -> list[Trial]:
    """Write a search down, or find it; gives the trials that are done, in order.

    Trials that were made on other data, or drawn from something else, are forgotten.
    """
    with catalogue.lease(write=True) as db:
        known = db.execute("SELECT digest FROM sweeps WHERE sweep_id = ?", [sweep.sweep_id]).fetchone()
        if known != (sweep.digest,):
            for table in ("trials", "sweeps"):
                db.execute(f"DELETE FROM {table} WHERE sweep_id = ?", [sweep.sweep_id])
            db.execute(
                "INSERT INTO sweeps (sweep_id, model, targets, source, split, seed, spec, fixed, digest, created_at)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, now())",
                [
                    sweep.sweep_id, sweep.model, list(sweep.targets), sweep.source, sweep.split, sweep.seed,
                    sweep.spec, json.dumps(sweep.fixed), sweep.digest,
                ],
            )  # fmt: skip
    return trials(catalogue, sweep.sweep_id)


def add(catalogue: Catalogue, sweep_id: str, trial: Trial) -> None:
    """Put a trial that ended into the catalogue."""
    values = [getattr(trial, name) for name in _TRIAL_COLUMNS]
    values[_TRIAL_COLUMNS.index("settings")] = json.dumps(trial.settings)
    values[_TRIAL_COLUMNS.index("val_errors")] = list(trial.val_errors)
    places = ", ".join("?" for _ in _TRIAL_COLUMNS)
    with catalogue.lease(write=True) as db:
        db.execute(
            f"INSERT INTO trials (sweep_id, {', '.join(_TRIAL_COLUMNS)}) VALUES (?, {places})", [sweep_id, *values]
        )


def trials(catalogue: Catalogue, sweep_id: str) -> list[Trial]:
    """The trials of a search that ended, in order.

    Raises
    ------
    UnknownName
        If there is no such search; the message lists the choices.
    """
    with catalogue.lease() as db:
        known = [name for (name,) in db.execute("SELECT sweep_id FROM sweeps").fetchall()]
        rows = db.execute(
            "SELECT number, settings, value, state, seconds, error, val_errors FROM trials WHERE sweep_id = ?"
            " ORDER BY number",
            [sweep_id],
        ).fetchall()
    if sweep_id not in known:
        raise UnknownName("sweep", sweep_id, known)
    return [
        Trial(
            number=number,
            settings=json.loads(settings),
            value=value,
            state=state,
            seconds=seconds,
            error=error,
            val_errors=tuple(val_errors),
        )
        for number, settings, value, state, seconds, error, val_errors in rows
    ]


def best(ended: list[Trial]) -> Trial | None:
    """The trial with the smallest error, of equal ones the first; None if none was finished."""
    finished = [(trial.value, trial.number, trial) for trial in ended if trial.value is not None]
    return min(finished)[2] if finished else None


def trial_table(catalogue: Catalogue, sweep_id: str) -> pd.DataFrame:
    """The trials of a search for a page or a chart, one row each, in order; raises as :func:`trials` does.

    Columns: number, state, value, epochs, seconds, error, then one for each
    setting that was searched.
    """
    shown = ("number", "state", "value", "epochs", "seconds", "error")
    ended = trials(catalogue, sweep_id)
    rows = [{**{name: getattr(trial, name) for name in shown}, **trial.settings} for trial in ended]
    table = pd.DataFrame(rows, columns=None if rows else list(shown))
    return table.astype({"value": float})


def all_sweeps(catalogue: Catalogue) -> pd.DataFrame:
    """Every search, newest first, with the number of its trials by how they ended and its smallest error.

    Columns: those of the catalogue's table, trials, done, pruned, failed and best_value.
    """
    with catalogue.lease() as db:
        return db.execute(
            """
            SELECT s.*, count(t.number) AS trials,
                   count(*) FILTER (t.state = $done) AS done,
                   count(*) FILTER (t.state = $pruned) AS pruned,
                   count(*) FILTER (t.state = $failed) AS failed,
                   min(t.value) AS best_value
            FROM sweeps s LEFT JOIN trials t USING (sweep_id)
            GROUP BY ALL ORDER BY s.created_at DESC, s.sweep_id""",
            {"done": DONE, "pruned": PRUNED, "failed": FAILED},
        ).df()
