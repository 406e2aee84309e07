"""In which music a run errs, and on which songs."""

import streamlit as st

from pages.ui import cached, frame, genre_parts, pickers, places, tables, words
from songfeat.labels import resolve_targets
from songfeat.metrics import ALL
from songfeat.scores import METRICS

frame.heading(
    "Error by genre",
    "How far a run is off in each kind of music, on songs that it never saw; beneath, the songs behind a number.",
)
runs = tables.predicting_values(cached.all_runs())
if runs.empty:
    st.info("No run is finished yet.")
    st.page_link(places.TRAIN, label="Train a model", icon=":material/model_training:")
    st.stop()
labels = words.run_labels(runs)
runs_place, metric_place = st.columns([3, 2])
chosen = pickers.runs(runs_place, runs, labels, page="genres", default=tables.first_runs(runs, 1), most=2)
if not chosen:
    st.info("Choose a run.")
    st.stop()
with metric_place:
    metric = METRICS[pickers.metric("mae", "pearson", "r2")]
targets = list(resolve_targets(runs.set_index("run_id").loc[chosen[0], "targets"]))
scores = cached.scores([chosen[0]], split="test")
scores = scores[(scores["metric"] == metric.name) & (scores["genre"] != ALL) & scores["feature"].isin(targets)]
scores = scores.dropna(subset="value")
if scores.empty:
    st.caption("The genres of the songs that this run was tested on are not known.")
    st.stop()
order = pickers.one_of(
    st,
    "Order",
    ["songs", *targets],
    parameter="order",
    side_by_side=True,
    help="The largest group first, or the one where a target is predicted worst.",
)
heatmap_place = st.container()
genre, target = genre_parts.choose_cell(scores, targets)
with heatmap_place:
    genre_parts.heatmap(scores, labels[chosen[0]], metric=metric, order=order, chosen=(genre, target))
genre_parts.behind(chosen[0], genre, target)
if len(chosen) == 2:
    genre_parts.differences(chosen, labels, targets, metric)
