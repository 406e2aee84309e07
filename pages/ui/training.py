"""The parts of the page that trains models: what to train, on what, how; and how trainings go."""

from typing import Any

import streamlit as st

from pages.ui import cached, charts, frame, pickers, places, training_options, training_words, words
from songfeat.labels import ALL_TARGETS, FEATURES, TARGETS
from songfeat.registry import ModelEntry
from songfeat.specs import CLIP_SPECS, SPECS, get_spec
from store import jobs, training_history
from store.jobs import Job
from store.training_data import MINIMUM_TRACKS

_SPLIT_HELP = (
    "By artist: no artist's songs stand on both sides, so that the test says how well the model does on artists it"
    " never met. Random: as many papers do it, which flatters."
)


def form(entry: ModelEntry) -> None:
    """Choose what a model learns, from whom and how, and start it."""
    st.subheader(f"Train {entry.name}", anchor=False)
    targets = _targets(entry)
    if not targets:
        st.info("Choose a target.")
        return
    if entry.parents:
        asked = training_options.parents(entry)
        ready = asked is not None
    else:
        asked, ready = _data(entry, targets)
    if asked is None:
        return
    settings, folds = training_options.options(entry)
    if st.button("Train", type="primary", disabled=not (ready and cached.workspace().writable)):
        params = {"model": entry.name, "targets": list(targets), **asked, "cv": folds}
        params["settings"] = {**asked.get("settings", {}), **settings}
        jobs.launch(cached.workspace(), "train", params, title=f"Train {entry.name}")
        st.rerun()


def _targets(entry: ModelEntry) -> tuple[str, ...]:
    if entry.question is not None:
        return entry.default_targets
    meanings = "\n\n".join(f"**{name}**: {FEATURES[name].meaning}." for name in ALL_TARGETS)
    return tuple(
        st.multiselect(
            "Targets", ALL_TARGETS, default=TARGETS, key="train-targets", persist_state="session", wrap=True,
            help=meanings,
        )
    )  # fmt: skip


def _data(entry: ModelEntry, targets: tuple[str, ...]) -> tuple[dict[str, Any] | None, bool]:
    """What is learned from, and whether that is enough; None where there is nothing."""
    source_place, split_place, spec_place = st.container(), *st.columns(2)
    spec = _spec(entry, spec_place)
    inputs = entry.inputs_for(None if spec is None else get_spec(spec))
    choice = cached.tracks_by_source(spec, inputs, targets)
    if choice.empty:
        st.info("No source has songs with what this model needs and a value of these targets.")
        way = {"way": places.EXTRACT} if entry.sound else {}
        st.page_link(places.COLLECT, label="Collect songs", icon=":material/library_add:", query_params=way)
        return None, False
    tracks = dict(zip(choice["source"], choice["tracks"], strict=True))
    source = pickers.one_of(
        source_place,
        "Whose values to learn",
        list(tracks),
        parameter="source",
        shown=lambda name: f"{words.source(name)} ({words.count(tracks[name], 'track')})",
    )
    split = split_place.segmented_control(
        "Split", ["artist", "random"], default="artist", required=True, help=_SPLIT_HELP, key="train-split",
        persist_state="session",
    )  # fmt: skip
    seed = training_options.seed()
    found = cached.training_preview(spec, inputs=inputs, targets=targets, source=source, by=split, seed=seed)
    st.markdown(training_words.training_data(found))
    for note in found.notes:
        st.caption(f":orange[:material/warning:] {words.literal(note)}")
    enough = tracks[source] >= MINIMUM_TRACKS
    if not enough:
        st.caption(f"At least {MINIMUM_TRACKS} tracks are needed to train and to measure.")
    return {"source": source, "split": split, "spec": spec, "seed": seed}, enough


def _spec(entry: ModelEntry, place: Any) -> str | None:
    if entry.default_spec is None:
        return None
    specs = list(SPECS) if entry.statistics else list(CLIP_SPECS)
    return place.selectbox(
        "Spec", specs, index=specs.index(entry.default_spec), key=f"spec-{entry.default_spec}-{len(specs)}",
        persist_state="session", help="How sound becomes the arrays that the model sees.",
    )  # fmt: skip


def curves(found: list[Job]) -> None:
    """The learning curves of the newest training, else of the newest finished run that has some."""
    by_run = {run_id: job for job in found if (run_id := training_history.run_of(job))}
    finished = cached.all_runs()
    run_id = next(iter([*by_run, *finished[finished["epochs"] > 0]["run_id"]]), None)
    if run_id is None:
        st.caption("Start a training: its loss on the training and the validation part appears here, epoch by epoch.")
        return
    history = training_history.read(cached.workspace(), run_id)
    fold = f", {history.fold}" if history.fold else ""
    st.caption(f"Run {run_id}: {words.count(history.epochs, 'epoch')}{fold}.")
    if history.losses.empty:
        st.caption("This model is fitted in one go, or has not finished its first epoch.")
    else:
        _pictures(run_id, history)
    if run_id not in by_run or by_run[run_id].state == "done":
        st.page_link(
            places.COMPARE, label="Compare this run", icon=":material/compare_arrows:", query_params={"run": run_id}
        )


def _pictures(run_id: str, history: training_history.History) -> None:
    st.altair_chart(charts.losses(history.losses, frame.colours()), alt="Loss by epoch, training and validation")
    errors = history.errors[history.errors["feature"].isin(ALL_TARGETS)]
    if errors.empty:
        return
    mean = cached.mean_errors(run_id, fold=history.fold)
    dashed = "; dashed: always answering the training mean" if mean else ""
    st.caption(f"Mean absolute error (MAE) on the validation part, epoch by epoch{dashed}.")
    st.altair_chart(
        charts.errors_by_epoch(errors, mean, frame.colours()),
        # New values of pictures side by side are not drawn into those that are there already.
        key=f"mae-{run_id}-{history.fold}-{history.epochs}",
        alt="Validation MAE by epoch and target",
    )
    with st.expander("As a table"):
        st.dataframe(
            errors.pivot(index="epoch", columns="feature", values="value").reset_index(),
            hide_index=True,
            column_config=frame.three_decimals(errors["feature"].unique()),
            alt="Validation MAE by epoch and target",
        )
