"""Runs beside each other: how close they come to the reference values, target by target and genre by genre."""

import streamlit as st

from pages.ui import cached, comparison, frame, pickers, places, tables, words
from songfeat.labels import resolve_targets
from songfeat.metrics import ALL
from songfeat.splits import PARTS

PART_HELP = (
    "Test: songs that were kept from training; where the split is by artist, so were all songs of their artists."
)

frame.heading(
    "Compare runs",
    "Each dot is a song, or each square many of them: the nearer to the dashed line, the closer the prediction.",
)
runs = cached.all_runs()
if runs.empty:
    st.info("No run is finished yet.")
    st.page_link(places.TRAIN, label="Train a model", icon=":material/model_training:")
    st.stop()

labels = words.run_labels(runs)
runs_place, part_place, targets_place = st.columns([3, 2, 5])
chosen = pickers.runs(runs_place, runs, labels, page="compare", default=tables.first_runs(runs, 1))
part = part_place.segmented_control("Part", PARTS[::-1], default="test", required=True, help=PART_HELP)
if not chosen:
    st.info("Choose a run.")
    st.stop()
shown_runs = runs.set_index("run_id", drop=False).loc[chosen]
predicting = tables.predicting_values(shown_runs)
trained = resolve_targets(predicting["targets"].explode())
targets = targets_place.multiselect("Targets", trained, default=trained, wrap=True)
scores = cached.scores(chosen, split=part)
for place, run_id in enumerate(chosen):
    run = shown_runs.loc[run_id]
    if run_id in predicting.index:
        comparison.pictures(run, labels[run_id], part, targets, scores, place)
    else:
        comparison.answers(run, labels[run_id], scores)

if predicting.empty:
    st.stop()
comparison.trust(predicting, labels, part, targets)
if len(predicting) > 1:
    comparison.paired(list(predicting["run_id"]), part, labels)
st.subheader("All scores", anchor=False)
st.caption("With 95 % intervals, from drawing artists again and again.", help=words.metric_help())
scores = scores[scores["run_id"].isin(predicting["run_id"])]
everything = scores[scores["genre"] == ALL]
st.dataframe(tables.scores(everything, labels), hide_index=True)
comparison.by_genre(scores, list(predicting["run_id"]), targets, labels)
