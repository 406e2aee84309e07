"""The model card: what a pretrained model was made from, how close it comes, and what it cannot do."""

from collections.abc import Hashable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from songfeat import metrics
from songfeat.files import whole_file
from songfeat.intervals import LEVEL
from songfeat.labels import ALL_TARGETS, AVERAGE
from songfeat.pretraining.recipe import FOLDS, Trained

CARD_FILE = "MODEL_CARD.md"

_FEWEST_IN_GENRE = 10

_TEXT = """# The pretrained model

It hears an audio file and answers with {names}, on the scale of the labels that it was trained on. Written by `songfeat pretrain`, which rebuilds it.

## What it was trained on

{labelled_clips} clips with values of their own (label source: {label_source}) and {weakly_labelled_clips} whose values are the mean of their artist's other songs, by {artists} artists together. Clips last up to 30 seconds. Terms: {terms}.

The files hold weights and support vectors, which are descriptors of the training clips, and hashes by which Songfeat knows clips and artists that it was trained on; no sound and no title can be read from them.

## How close it comes

Cross-validation in {folds} parts by artist: every figure is for artists that the model in question has not heard; descriptors are scaled and weighted, both learners fitted, and intervals calibrated inside the parts. Which descriptors and learners to use was decided on the same clips, so that the figures are a little too good. In brackets 95 % intervals, artists drawn with replacement.

{scores}

"Median" is the MAE of always answering the training part's median. "Inside" is the share of values within the {level:.0%} interval that comes with each answer, measured with intervals from the other parts.

Where most songs lie near 0 an MAE says little. How often a song above a value is predicted higher than one below it (AUC): {auc}.

### By genre

MAE for genres with at least {fewest} clips.

{genres}

## What it cannot do

- {low_trust}
- Songs unlike all clips that it was trained on get an answer too; it is flagged (`unusual`), and should be trusted less.
- It knows songs as the sources of its labels do. Labels of another provider differ, most on acousticness, instrumentalness and speechiness.
- It hears at most twenty windows of 30 seconds, and needs 6 seconds of sound. Speech without music, sound effects and field recordings are no songs: it has learnt nothing of them.
- Values are for looking at music, not for decisions about people.

## How it works

Descriptors of level, timbre, rhythm and harmony (`songfeat/descriptors`), from one pass of short and one of long windows; half of the answer from support vector regression on descriptors weighted by their rank correlation with the target, half from an ensemble of small networks, both on log-odds (`songfeat/pretraining/learners.py`). Answers need NumPy alone.

## Rebuild it

```
songfeat pretrain FOLDER --out DIR --label-source NAME --songs TABLE.parquet
```

`FOLDER` holds `labelled.csv` (columns clip, artist, the six targets; perhaps genre, title and label_source) and the clips in `labelled/`, and perhaps `unlabelled.csv` and `unlabelled/`. Whoever may not train on Spotify's values takes openly licensed clips and labels, those of the Free Music Archive for instance. The same folder gives the same model.
"""


def write(path: Path, trained: Trained) -> None:
    """Write the card of a trained model, whole or not at all."""
    low_trust = ", ".join(trained.model.low_trust)
    text = _TEXT.format(
        names=", ".join(trained.model.targets),
        folds=FOLDS,
        level=LEVEL,
        fewest=_FEWEST_IN_GENRE,
        scores=_score_table(trained),
        auc="; ".join(
            f"{name} above {one['above']}: {one['auc']:.2f} ({one['songs']} songs)" for name, one in trained.auc.items()
        ),
        genres=_genre_table(trained.scores),
        low_trust=f"Low trust: {low_trust}. The order of songs is uncertain there, and most songs lie near one value."
        if low_trust
        else "No target is so poor that it is flagged.",
        **trained.model.meaning["trained_on"],
    )
    with whole_file(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def _score_table(trained: Trained) -> str:
    of_all = trained.scores[(trained.scores["genre"] == metrics.ALL) & (trained.scores["decade"] == metrics.ALL)]
    rows = ["| | MAE | median | RMSE | Pearson's r | inside | n |", "|---|---|---|---|---|---|---|"]
    for name in (*ALL_TARGETS, AVERAGE):
        own = {score["metric"]: score for score in of_all[of_all["feature"] == name].to_dict("records")}
        error = own["mae"]
        cells = [_with_interval(error), f"{error['median_value']:.3f}"]
        cells += [_with_interval(own["rmse"]), _with_interval(own["pearson"])]
        inside = f"{trained.coverage[name]:.0%}" if name in trained.coverage else ""
        rows.append(f"| {name} | {' | '.join(cells)} | {inside} | {error['n']} |")
    return "\n".join(rows)


def _with_interval(score: Mapping[Hashable, Any]) -> str:
    return f"{score['value']:.3f} [{score['low']:.3f}, {score['high']:.3f}]"


def _genre_table(scores: pd.DataFrame) -> str:
    errors = scores[(scores["metric"] == "mae") & (scores["genre"] != metrics.ALL) & (scores["n"] >= _FEWEST_IN_GENRE)]
    table = errors.pivot_table(index="genre", columns="feature", values="value")
    counts = errors[errors["feature"] == AVERAGE].set_index("genre")["n"].to_dict()
    rows = [f"| | {' | '.join(ALL_TARGETS)} | n |", "|---" * (len(ALL_TARGETS) + 2) + "|"]
    for genre, own in table.to_dict("index").items():
        rows.append(f"| {genre} | {' | '.join(f'{own[name]:.3f}' for name in ALL_TARGETS)} | {counts[genre]} |")
    return "\n".join(rows)
