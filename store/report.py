"""The report replayed: its tables with our figures beside its own, its experiments, and which of its claims hold."""

import hashlib
import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import pandas as pd

from songfeat.labels import AVERAGE
from songfeat.scores import METRICS
from store import comparing, runs
from store.catalogue import Catalogue
from store.report_plan import CLAIMS, EXPERIMENTS, SYSTEMS, TABLES, Claim, Experiment, System

_METRIC = "mae"
"""By which claims are judged: the report's main one."""

HOLDS, FAILS, OPEN = "holds", "does not hold", "cannot be told"


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What our data say of one of the report's claims.

    Attributes
    ----------
    sentence : str
    verdict : {"holds", "does not hold", "cannot be told"}
        It holds if the system is worse than each of the others, with 95 %
        confidence; it does not if it is better than one of them.
    evidence : tuple of str
        One sentence a comparison.
    """

    sentence: str
    verdict: str
    evidence: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, eq=False)
class Replay:
    """All that there is to show.

    Attributes
    ----------
    source : str
    seed : int
    tables : dict of str to pandas.DataFrame
        By title; columns system, run_id, feature, metric, value, low, high, n,
        mean_value and published, NaN where the report says nothing.
    experiments : pandas.DataFrame
        Columns question, first, second, feature, metric, first_value,
        second_value, difference, low, high, n and better. The interval is that
        of the difference; NaN where the two have other test songs.
    verdicts : tuple of Verdict
    missing : tuple of str
        Titles of systems that are not trained.
    """

    source: str
    seed: int
    tables: dict[str, pd.DataFrame]
    experiments: pd.DataFrame
    verdicts: tuple[Verdict, ...]
    missing: tuple[str, ...]


def training_of(system: System, *, source: str, seed: int) -> dict[str, Any]:
    """What the training job is asked for, so that its run has a name of its own that the next replay finds."""
    settings = dict(system.settings)
    for setting, key in system.parents.items():
        settings[setting] = training_of(SYSTEMS[key], source=source, seed=seed)["run_id"]
    asked = {
        "model": system.model,
        "targets": list(system.targets) if system.targets else None,
        "source": source,
        "split": system.split,
        "spec": system.spec,
        "seed": seed,
        "settings": settings,
    }
    digest = hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()[:8]
    if system.parents:
        # These follow from the parents.
        asked = {**asked, "source": None, "split": None, "seed": None}
    return {**asked, "run_id": f"report-{system.key.replace('_', '-')}-{digest}"}


def replay(catalogue: Catalogue, *, source: str, seed: int = 0) -> Replay:
    """Put together what is trained; see :mod:`store.work.report` for the training."""
    known = set(runs.all_runs(catalogue)["run_id"])
    run_ids = {key: training_of(system, source=source, seed=seed)["run_id"] for key, system in SYSTEMS.items()}
    there = {key: run_id for key, run_id in run_ids.items() if run_id in known}
    scores = runs.scores(catalogue, list(there.values()), split="test", genre="all")
    by_run = {run_id: scores[scores["run_id"] == run_id] for run_id in there.values()}
    tables = {
        title: pd.concat([_rows(SYSTEMS[key], there[key], by_run[there[key]]) for key in keys if key in there])
        for title, keys in TABLES.items()
        if any(key in there for key in keys)
    }
    experiments = [
        _compared(catalogue, one, there, by_run) for one in EXPERIMENTS if {one.first, one.second} <= set(there)
    ]
    verdicts = [_judge(catalogue, claim, there) for claim in CLAIMS if {claim.worse, *claim.better} <= set(there)]
    return Replay(
        source=source,
        seed=seed,
        tables={title: table.reset_index(drop=True) for title, table in tables.items()},
        experiments=pd.concat(experiments, ignore_index=True) if experiments else pd.DataFrame(),
        verdicts=tuple(verdicts),
        missing=tuple(system.title for key, system in SYSTEMS.items() if key not in there),
    )


def as_dict(found: Replay) -> dict[str, Any]:
    """The same as plain values that JSON keeps, gaps as None."""
    return {
        "source": found.source,
        "seed": found.seed,
        "tables": {title: _records(table) for title, table in found.tables.items()},
        "experiments": _records(found.experiments),
        "claims": [asdict(one) for one in found.verdicts],
        "missing": list(found.missing),
    }


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    plain = table.astype(object).where(table.notna(), None)
    return [{str(name): value for name, value in row.items()} for row in plain.to_dict("records")]


def _rows(system: System, run_id: str, scores: pd.DataFrame) -> pd.DataFrame:
    if scores["feature"].nunique() == 2:
        # The average over one target is no average over five, which the others in its column are.
        scores = scores[scores["feature"] != AVERAGE]
    published = [
        system.published.get(feature, {}).get(metric, math.nan)
        for feature, metric in zip(scores["feature"], scores["metric"], strict=True)
    ]
    columns = ["run_id", "feature", "metric", "value", "low", "high", "n", "mean_value"]
    table = scores[columns].assign(published=pd.array(published, dtype="Float64").to_numpy(float, na_value=math.nan))
    table.insert(0, "system", system.title)
    return table


def _compared(
    catalogue: Catalogue, experiment: Experiment, there: dict[str, str], by_run: dict[Any, pd.DataFrame]
) -> pd.DataFrame:
    first, second = there[experiment.first], there[experiment.second]
    if experiment.paired:
        table = comparing.compare(catalogue, first, second, genre="all").table
    else:
        keys = ["feature", "metric"]
        table = by_run[first].merge(by_run[second], on=keys, suffixes=("_first", "_second"))
        table = table.rename(columns={"value_first": "first", "value_second": "second"})
        apart = (table["high_first"] < table["low_second"]) | (table["high_second"] < table["low_first"])
        lower = table["metric"].map(lambda name: METRICS[name].lower_is_better)
        first_is_better = (table["first"] < table["second"]) == lower
        table = table.assign(
            difference=table["first"] - table["second"],
            low=math.nan,
            high=math.nan,
            n=table[["n_first", "n_second"]].min(axis=1),
            better=first_is_better.map({True: "first", False: "second"}).where(apart, ""),
        )
    table = table.rename(columns={"first": "first_value", "second": "second_value"})
    titles = {"first": SYSTEMS[experiment.first].title, "second": SYSTEMS[experiment.second].title}
    table = table.assign(question=experiment.question, **titles)
    columns = ["question", "first", "second", "feature", "metric", "first_value", "second_value"]
    return table[[*columns, "difference", "low", "high", "n", "better"]]


def _judge(catalogue: Catalogue, claim: Claim, there: dict[str, str]) -> Verdict:
    feature = claim.feature or AVERAGE
    better, evidence = [], []
    for key in claim.better:
        table = comparing.compare(catalogue, there[claim.worse], there[key], genre="all").table
        row = table[(table["feature"] == feature) & (table["metric"] == _METRIC)].iloc[0]
        better.append(row["better"])
        evidence.append(
            f"{SYSTEMS[claim.worse].title} against {SYSTEMS[key].title}, MAE, {feature}: {row['first']:.3f} and"
            f" {row['second']:.3f}, difference {row['difference']:+.3f} [{row['low']:+.3f}, {row['high']:+.3f}] on"
            f" {row['n']} songs."
        )
    return Verdict(sentence=claim.sentence, verdict=verdict_of(better), evidence=tuple(evidence))


def verdict_of(better: Sequence[str]) -> str:
    """What comparisons with each of the others say of "worse than all of them".

    `better` says of each which of the two is better, ``"first"`` being the one
    of the claim, and ``""`` where the interval holds 0.
    """
    if all(side == "second" for side in better):
        return HOLDS
    return FAILS if "first" in better else OPEN
