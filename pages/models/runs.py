"""Every finished run: how it scores, what it was asked for, what people noted on it."""

import streamlit as st

from pages.ui import cached, frame, leaderboard, pickers, places, words

frame.heading(
    "Runs",
    "Every finished run, the mean predictor first: choose one to see what it was asked for, two to see what differs.",
)
runs = cached.all_runs()
if runs.empty:
    st.info("No run is finished yet.")
    st.page_link(places.TRAIN, label="Train a model", icon=":material/model_training:")
    st.stop()
source_place, part_place, metric_place = st.columns([3, 2, 4])
source = pickers.source(source_place, list(runs["source"].unique()), page="runs")
part = pickers.part(part_place)
with metric_place:
    metric = pickers.metric("mae", "mse", "pearson", "r2")
shown = runs[runs["source"] == source]
labels = words.run_labels(runs)
chosen = leaderboard.table(shown, labels, part=part, metric=metric)
leaderboard.details(chosen, labels)
