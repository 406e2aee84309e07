"""In which music a run errs, and on which songs."""

import streamlit as st

from pages.ui import cached, frame, genre_parts, pickers, places, tables, words
from songfeat.labels import resolve_targets
from songfeat.metrics import ALL

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
runs_place, order_place = st.columns([3, 2])
chosen = pickers.runs(runs_place, runs, labels, page="genres", default=tables.first_runs(runs, 1), most=2)
if not chosen:
    st.info("Choose a run.")
    st.stop()
targets = list(resolve_targets(runs.set_index("run_id").loc[chosen[0], "targets"]))
scores = cached.scores([chosen[0]], split="test")
errors = scores[(scores["metric"] == "mae") & (scores["genre"] != ALL) & scores["feature"].isin(targets)]
errors = errors.dropna(subset="value")
if errors.empty:
    st.caption("The genres of the songs that this run was tested on are not known.")
    st.stop()
order = order_place.segmented_control(
    "Order", ["songs", *targets], default="songs", required=True, help="By the number of songs, or by the error."
)
genre_parts.heatmap(errors, labels[chosen[0]], order)
if len(chosen) == 2:
    genre_parts.differences(chosen, labels, targets)
genre_parts.cell(chosen[0], errors, targets)
