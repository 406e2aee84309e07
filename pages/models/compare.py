"""Runs beside each other: how close they come to the reference values, target by target and song by song."""

import streamlit as st

from pages.ui import cached, comparison, frame, pickers, places, tables, words
from songfeat.labels import resolve_targets
from store.slices import Slice

EVERY, LEARNED = "all", "learned"

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
runs_place, part_place = st.columns([3, 2])
chosen = pickers.runs(runs_place, runs, labels, page="compare", default=tables.first_runs(runs, 1))
part = pickers.part(part_place)
if not chosen:
    st.info("Choose a run.")
    st.stop()
shown = runs.set_index("run_id", drop=False).loc[chosen]
predicting = tables.predicting_values(shown)
targets_place, genre_place, source_place = st.columns([5, 2, 3])
trained = resolve_targets(predicting["targets"].explode())
targets: list[str] = []
if trained:  # runs that answer questions have none, and would leave the choice empty for the others
    targets = targets_place.multiselect(
        "Targets", trained, default=trained, key="targets", bind="query-params", wrap=True, placeholder="none"
    )
groups = sorted(set(cached.tracks_by_genre()["genre_group"]) - {"not known"})
genre = pickers.one_of(genre_place, "Genre", [EVERY, *groups], parameter="genre")
against = pickers.one_of(
    source_place,
    "Held against",
    [LEARNED, *cached.sources()],
    parameter="against",
    shown=lambda name: "the values that each learned" if name == LEARNED else words.source(name),
)
slices = {
    run_id: Slice(
        run_id=run_id,
        split=part,
        genre=None if genre == EVERY else genre,
        source=None if against == LEARNED else against,
    )
    for run_id in chosen
}
for place, run_id in enumerate(chosen):
    run, of_run = shown.loc[run_id], slices[run_id]
    if run_id in predicting.index:
        comparison.pictures(run, labels[run_id], of_run, targets, place)
    else:
        comparison.answers(run, labels[run_id], of_run)

if predicting.empty or not targets:
    st.stop()
if len(predicting) > 1:
    first, second = predicting["run_id"].iloc[:2]
    comparison.paired(first, second, slices[first], labels)
comparison.songs(slices, labels, targets)
comparison.trust(predicting, slices, labels, targets)
comparison.all_scores({run_id: slices[run_id] for run_id in predicting["run_id"]}, labels)
st.page_link(places.GENRES, label="Error by genre", icon=":material/grid_on:", query_params={"run": chosen[:2]})
