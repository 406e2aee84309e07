"""The parts of the page that trains models."""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.ui import cached, charts, frame, places, words
from songfeat import registry
from songfeat.labels import ALL_TARGETS, TARGETS
from songfeat.specs import CLIP_SPECS, SPECS
from store import jobs, training_history
from store.jobs import Job
from store.training_data import MINIMUM_TRACKS

SPLIT_HELP = (
    "By artist: no artist's songs stand on both sides, so that the test says how well the model does on artists it"
    " never met. Random: as many papers do it, which flatters."
)

FOLDS_HELP = (
    "Cross-validation: the songs are cut into so many folds, each is tested on by a model that learned from the others,"
    " and every song counts as tested. It takes as many trainings."
)


def form() -> None:
    """Choose what to train on what, and start it."""
    entries = {entry.name: entry for entry in registry.entries()}
    networks = [name for name, entry in entries.items() if entry.train is not None]
    first = list(entries).index(networks[0])
    entry = entries[st.selectbox("Model", list(entries), index=first, key="model", persist_state="session")]
    st.caption(f"{entry.description[0].upper()}{entry.description[1:]}. Sees: {', '.join(entry.inputs) or 'nothing'}.")
    targets = entry.default_targets
    if entry.question is None:
        targets = tuple(st.multiselect("Targets", ALL_TARGETS, default=TARGETS, wrap=True))
    if not targets:
        st.info("Choose a target.")
        return
    source_place, split_place, spec_place = st.container(), *st.columns(2)
    spec = None
    if entry.default_spec is not None:
        specs = list(SPECS) if entry.statistics else list(CLIP_SPECS)
        first_spec = specs.index(entry.default_spec)
        spec = spec_place.selectbox("Spec", specs, index=first_spec, key=f"spec-{entry.default_spec}-{len(specs)}")
    choice = cached.tracks_by_source(spec, entry.name, targets)
    if choice.empty:
        st.info("No source has songs with what this model needs and a value of these targets.")
        st.page_link(places.COLLECT, label="Collect songs", icon=":material/library_add:")
        return
    tracks = dict(zip(choice["source"], choice["tracks"], strict=True))
    source = source_place.selectbox(
        "Whose values to learn",
        list(tracks),
        format_func=lambda name: f"{words.source(name)} ({words.count(tracks[name], 'track')})",
    )
    split = split_place.segmented_control(
        "Split", ["artist", "random"], default="artist", required=True, help=SPLIT_HELP
    )
    epochs_place, seed_place, folds_place = st.columns(3)
    settings = _settings(entry, epochs_place)
    seed = seed_place.number_input("Seed", min_value=0, value=0, help="Of the split and of the first weights.")
    cv = folds_place.number_input("Folds", min_value=2, max_value=20, value=None, placeholder="none", help=FOLDS_HELP)
    too_few = tracks[source] < MINIMUM_TRACKS
    if too_few:
        st.caption(f"At least {MINIMUM_TRACKS} tracks are needed to train and to measure.")
    if st.button("Train", type="primary", disabled=too_few or not cached.workspace().writable):
        params = {"targets": list(targets), "source": source, "split": split, "spec": spec, "seed": int(seed)}
        params |= {"model": entry.name, "settings": settings, "cv": cv}
        jobs.launch(cached.workspace(), "train", params, title=f"Train {entry.name}")
        st.rerun()


def _settings(entry: registry.ModelEntry, place: DeltaGenerator) -> dict[str, str]:
    """What a person may choose about a network's training, as far as it differs from the model's own."""
    if entry.train is None:
        return {}
    epochs = place.number_input(
        "Epochs, at most",
        min_value=1,
        max_value=10_000,
        value=entry.train.epochs,
        key=f"epochs-{entry.name}",
        help=f"It stops before when {entry.train.patience} epochs brought nothing better.",
    )
    return {} if epochs == entry.train.epochs else {"epochs": str(epochs)}


def curves(found: list[Job]) -> None:
    """The learning curves of the newest training, else of the newest finished run that has some."""
    by_run = {run_id: job for job in found if (run_id := training_history.run_of(job))}
    finished = cached.all_runs()
    run_id = next(iter([*by_run, *finished[finished["epochs"] > 0]["run_id"]]), None)
    if run_id is None:
        st.caption("Start a training: its loss on the training and the validation part appears here, epoch by epoch.")
        return
    history = training_history.read(cached.workspace(), run_id)
    st.caption(f"Run {run_id}: {words.count(history.epochs, 'epoch')}.")
    if history.losses.empty:
        st.caption("This model is fitted in one go, or has not finished its first epoch.")
    else:
        st.altair_chart(charts.losses(history.losses, frame.colours()))
        errors = history.errors[history.errors["feature"].isin(ALL_TARGETS)]
        if len(errors):
            st.altair_chart(charts.errors_by_epoch(errors, frame.colours()))
    if run_id not in by_run or by_run[run_id].state == "done":
        st.page_link(
            places.COMPARE, label="Compare this run", icon=":material/compare_arrows:", query_params={"run": run_id}
        )
