"""How numbers, names and states read to a person. Knows no Streamlit."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

import pandas as pd

from songfeat.labels import AVERAGE, FEATURES, Question
from songfeat.scores import METRICS
from songfeat.specs import MelSpec, MfccSpec, Spec
from store.jobs import Job
from store.rebuilding import Attempt
from store.sources.demo import SOURCE as DEMO

MINUS = "\N{MINUS SIGN}"
KEYS = ("C", "C♯", "D", "D♯", "E", "F", "F♯", "G", "G♯", "A", "A♯", "B")
SEEN = {
    "test": "it never saw this song",
    "val": "it saw this song only to know when to stop",
    "train": "it was trained on this song",
    "other": "it never saw this song",
}
"""What a run had to do with a song, by the part that the song was in."""

STATES = {
    "queued": ("waiting", "grey"),
    "running": ("running", "blue"),
    "done": ("done", "green"),
    "failed": ("failed", "red"),
    "cancelled": ("cancelled", "orange"),
    "lost": ("lost: its process died", "red"),
}

_MARKDOWN = re.compile(r"[\\`*\[\]<>$~]|(?<!\w)_|_(?!\w)|:(?=[\w/]+:)|^#")


def literal(text: str) -> str:
    """Text from elsewhere, such as a title, in the form in which Markdown shows it as it is."""
    return _MARKDOWN.sub(lambda sign: "\\" + sign.group(), text)


def count(number: int, noun: str) -> str:
    """``"1 track"``, ``"21,325 tracks"``."""
    return f"{number:,} {noun if number == 1 else noun + 's'}"


def listed(parts: Sequence[str]) -> str:
    """``"songs, values and audio"``."""
    return " and ".join(filter(None, [", ".join(parts[:-1]), *parts[-1:]]))


def sentence(text: str) -> str:
    """The same with a capital letter."""
    return text[:1].upper() + text[1:]


def address(link: str) -> str:
    """A web address as a link's text, without what all of them have."""
    return urlsplit(link).netloc + urlsplit(link).path.rstrip("/")


def duration(seconds: float | None) -> str:
    """``"3:41"``."""
    if seconds is None or pd.isna(seconds):
        return ""
    whole = round(seconds)
    return f"{whole // 60}:{whole % 60:02d}"


def pace(seconds: float) -> str:
    """A time that is left, in the unit that fits."""
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    return f"{round(seconds / 60)} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def signed(number: float, digits: int = 1) -> str:
    """A number with a true minus sign."""
    return f"{number:.{digits}f}".replace("-", MINUS)


def value(number: float | None, digits: int = 3) -> str:
    return "–" if number is None or pd.isna(number) else signed(number, digits)


def glossary(names: Iterable[str]) -> str:
    """What features mean, for a tooltip."""
    return "\n\n".join(f"**{name}**: {FEATURES[name].meaning}" for name in names)


def interval(low: float, high: float, digits: int = 2) -> str:
    """``"[0.09, 0.12]"``; nothing where there is none."""
    return "" if pd.isna(low) or pd.isna(high) else f"[{signed(low, digits)}, {signed(high, digits)}]"


def estimate(number: float, low: float, high: float) -> str:
    """``"0.103 [0.09, 0.12]"``."""
    return f"{value(number)} {interval(low, high)}".strip()


def difference(number: float, low: float, high: float) -> str:
    """``"0.005 [0.001, 0.009]"``: which side of 0 an end is on must show."""
    return f"{value(number)} {interval(low, high, 3)}".strip()


def source(name: str) -> str:
    """A source as it is shown; values that Songfeat made up itself always say so."""
    return f"{name}, synthesised" if name == DEMO else name


def contents(counts: Mapping[str, int], n_sources: int) -> str:
    """What a workspace holds, in one line of Markdown."""
    parts = [
        count(counts["tracks"], "track"),
        count(counts["clips"], "clip"),
        count(n_sources, "source"),
        count(counts["runs"], "run"),
    ]
    return " · ".join(f"**{number}** {noun}" for number, noun in (part.split(" ", 1) for part in parts))


def song_line(song: Mapping[str, Any]) -> str:
    """``"Bob Marley & The Wailers · Reggae · 1977 · 7:38"``, as far as it is known."""
    year = "" if pd.isna(song.get("year")) else str(int(song["year"]))
    parts = [song.get("artist"), song.get("genre") or song.get("genre_group"), year, duration(song.get("duration_s"))]
    return " · ".join(str(part) for part in parts if part and not pd.isna(part))


def song_options(songs: pd.DataFrame) -> dict[str, str]:
    """Songs by id as they stand in a list to pick from; those of one name are told apart by their id."""
    title = songs["title"].fillna(songs["track_id"])
    name = title + (" – " + songs["artist"]).fillna("")
    unique = name + (" (" + songs["track_id"] + ")").where(name.duplicated(keep=False), "")
    return dict(zip(songs["track_id"], unique, strict=True))


def musical(reference: Mapping[str, float]) -> str:
    """Tempo, key and loudness in one line: ``"132.8 BPM · C major · −8.6 dB · 4/4"``."""
    parts = []
    if "tempo" in reference:
        parts.append(f"{reference['tempo']:.1f} BPM")
    if "key" in reference:
        mode = {1.0: " major", 0.0: " minor"}.get(reference.get("mode", -1.0), "")
        parts.append(f"{KEYS[int(reference['key'])]}{mode}")
    if "loudness" in reference:
        parts.append(f"{signed(reference['loudness'])} dB")
    if "time_signature" in reference:
        parts.append(f"{int(reference['time_signature'])}/4")
    return " · ".join(parts)


def run_labels(runs: pd.DataFrame) -> dict[str, str]:
    """A short name for each run: its model, and its time where several are of one model."""
    several = runs["model"].duplicated(keep=False)
    when = runs["finished_at"].dt.strftime(" %m-%d %H:%M:%S").where(several, "")
    return dict(zip(runs["run_id"], runs["model"] + when, strict=True))


def run_line(run: Mapping[str, Any]) -> str:
    """What a run was, in one line."""
    return (
        f"{run['model']}, learned from {source(run['source'])}: {run['n_train']:,} training,"
        f" {run['n_val']:,} validation and {run['n_test']:,} test tracks, split by {run['split']}, seed {run['seed']},"
        f" {run['finished_at']:%Y-%m-%d}"
    )


def hardly_varying(run: Mapping[str, Any]) -> str:
    """A warning of a run that answers nearly one number for all songs; ``""`` for others."""
    flagged = run["near_constant"]
    return f"This run answers almost the same for every song on {', '.join(flagged)}." if len(flagged) else ""


def left_out(excluded: pd.DataFrame) -> str:
    """What a run left out, by reason: ``"Without 12 songs that were excluded from training: No tempo (12)."``."""
    if excluded.empty:
        return ""
    reasons = ", ".join(f"{literal(row.reason)} ({row.songs:,})" for row in excluded.itertuples())
    total = int(excluded["songs"].sum())
    return f"Without {count(total, 'song')} that {'was' if total == 1 else 'were'} excluded from training: {reasons}."


def score_lines(scores: pd.DataFrame) -> dict[str, str]:
    """Per feature what is said beneath its picture: MAE, Pearson's r and R² with intervals, n, the mean predictor."""
    if scores.empty:
        return {}
    by_metric = {metric: part.set_index("feature") for metric, part in scores.groupby("metric")}
    mae, pearson, r2 = (by_metric[name] for name in ("mae", "pearson", "r2"))
    return {
        str(feature): (
            f"MAE **{value(row.value)}** {interval(row.low, row.high)}  \n"
            f"r **{value(pearson.value[feature], 2)}** {interval(pearson.low[feature], pearson.high[feature])}  \n"
            f"R² **{value(r2.value[feature], 2)}** {interval(r2.low[feature], r2.high[feature])}  \n"
            f"mean predictor's MAE {value(row.mean_value)}  \n"
            f"n {row.n:,}"
        )
        for feature, row in mae.iterrows()
        if feature != AVERAGE
    }


def agreement_line(scores: pd.DataFrame, first: str, second: str) -> str:
    """How far two sources agree on one feature, in a sentence with its statistics."""
    by_metric = scores.set_index("metric")
    r, mae, bias = (by_metric.loc[name] for name in ("pearson", "mae", "bias"))
    low, high = (by_metric.value[name] for name in ("lower_limit", "upper_limit"))
    side = "above" if bias.value > 0 else "below"
    return (
        f"Over **{count(int(r.n), 'song')}**, r **{value(r.value, 2)}** {interval(r.low, r.high)}; on average"
        f" **{value(mae.value)}** {interval(mae.low, mae.high)} apart (MAE). {literal(source(first))} lies"
        f" {value(abs(bias.value))} {side} {literal(source(second))} on average; 95 % of the differences lie between"
        f" {value(low)} and {value(high)}."
    )


def answers_line(question: Question, scores: pd.DataFrame) -> str:
    """How often a run's answers to a question are right, beside always giving the commoner one, and its AUC.

    `scores` are those of the run and the question, in one group of songs.
    """
    if scores.empty:
        return "not scored"
    accuracy, auc = (scores.set_index("metric").loc[metric] for metric in ("accuracy", "auc"))
    songs = count(int(accuracy.n), "song")
    return (
        f"Whether a song is {question.name} ({question.feature} above {question.threshold:g}): accuracy"
        f" **{value(accuracy.value, 2)}** {interval(accuracy.low, accuracy.high)} over {songs},"
        f" where always giving the training songs' commoner answer scores {value(accuracy.mean_value, 2)};"
        f" AUC **{value(auc.value, 2)}** {interval(auc.low, auc.high)}, where chance is 0.50 and 1 the right order."
    )


def metric_help() -> str:
    """What the numbers mean, for a tooltip."""
    return "\n\n".join(f"**{metric.label}**: {metric.meaning}" for metric in METRICS.values())


def spec_line(spec: Spec) -> str:
    """How arrays are computed, in words."""
    if not isinstance(spec, MelSpec):
        return f"{spec.shape[0]} numbers a track, as a table gave them."
    rows = f"{spec.n_mels} mel bands"
    if isinstance(spec, MfccSpec):
        rows = f"{spec.n_mfcc} coefficients (n_mfcc) from {rows}"
    return (
        f"{rows}; windows of {spec.n_fft:,} samples"
        f" (n_fft, {1000 * spec.n_fft / spec.sample_rate:.0f} ms) every {spec.hop_length:,} samples (hop_length,"
        f" {1000 / spec.frames_per_second:.0f} ms): {spec.frames_per_second:.2f} frames a second at"
        f" {spec.sample_rate:,} Hz, {spec.n_frames} frames, {spec.n_frames / spec.frames_per_second:.1f} s."
    )


def kept_line(found: Attempt, spec: MfccSpec) -> str:
    """What a choice of settings gives and what it loses, in Markdown."""
    rows, frames = found.shape
    numbers = rows * frames
    lost = [f"the rebuilt spectrum is on average **{found.error_db:.1f} dB** off (root mean square)"]
    if found.heard_share < 1:
        lost.append(f"windows hold {found.heard_share:.0%} of the samples, the rest is never heard")
    if found.empty_bands:
        lost.append(
            f"{found.empty_bands} of {spec.n_mels} mel bands lie between two frequencies of so short a window and"
            " stay empty"
        )
    return (
        f"**{rows} × {frames:,}** numbers, **{spec.frames_per_second:.1f} frames a second**, windows of"
        f" {1000 * spec.n_fft / spec.sample_rate:.0f} ms: {numbers:,} numbers in place of {found.n_samples:,} samples,"
        f" one for {found.n_samples / numbers:.1f}. Kept: **{found.kept_share:.0%}** of the mel spectrogram's variance."
        f" Lost: {'; '.join(lost)}."
    )


def job_step(job: Job) -> tuple[float, str]:
    """How far a job is, from 0 to 1, and in words."""
    step = job.step
    if job.state == "queued" or step is None:
        return 0.0, "waiting for its turn" if job.state == "queued" else "starting"
    words = [step.note or job.title]
    if step.total:
        words.append(f"{step.done:,} of {step.total:,}")
    if step.eta_s is not None:
        words.append(f"about {pace(step.eta_s)} left")
    return min(1.0, step.done / step.total) if step.total else 0.0, " · ".join(words)


def job_result(job: Job) -> str:
    """What a job did or why it did not, in one or two sentences."""
    if job.error:
        return job.error["message"]
    return _RESULTS.get(job.kind, _plain_result)(job.result) if job.result else ""


def _import_result(result: dict[str, Any]) -> str:
    verb = "Nothing was changed; an import would read" if result["dry_run"] else "Read"
    return (
        f"{verb} {count(result['rows'], 'row')} as {result['source']}: {result['added']:,} songs added,"
        f" {result['updated']:,} updated, {result['unchanged']:,} unchanged,"
        f" {result['duplicates']:,} repeated, {result['rejected']:,} values or rows rejected"
        f"{_reasons(result['rejects_by_reason'])}."
    )


def _scan_result(result: dict[str, Any]) -> str:
    return (
        f"{count(result['files'], 'file')}: {result['added']:,} added, {result['unchanged']:,} unchanged,"
        f" {result['rejected']:,} rejected, {result['labelled']:,} with reference values"
        f"{_reasons(result['rejects_by_reason'])}."
    )


def _reasons(reasons: Mapping[str, int]) -> str:
    shown = ", ".join(f"{reason} × {number:,}" for reason, number in list(reasons.items())[:4])
    return f" ({shown})" if shown else ""


def _extract_result(result: dict[str, Any]) -> str:
    return (
        f"{count(result['clips'], 'clip')}: {result['extracted']:,} extracted, {result['failed']:,} failed,"
        f" in {pace(result['seconds'])}."
    )


def _train_result(result: dict[str, Any]) -> str:
    return f"The run {result['run_id']} is finished."


def _report_result(result: dict[str, Any]) -> str:
    left_out = "".join(f" Left out: {reason}" for reason in dict.fromkeys(result["left_out"].values()))
    return f"{count(len(result['trained']), 'system')} trained.{left_out}"


def _collect_result(result: dict[str, Any]) -> str:
    told = (
        f"{count(result['songs'], 'song')} from {result['source']}: {result['added']:,} new, {result['updated']:,}"
        f" updated, {result['values']:,} with reference values, {result['clips']:,} with sound,"
        f" {result['rejected']:,} could not be had{_reasons(result['rejects_by_reason'])}."
    )
    return " ".join([told, *result["notes"]])


def _plain_result(result: dict[str, Any]) -> str:
    return " · ".join(f"{number:,} {name}" for name, number in result.items() if isinstance(number, int)) + "."


_RESULTS = {
    "import": _import_result,
    "scan": _scan_result,
    "collect": _collect_result,
    "extract": _extract_result,
    "train": _train_result,
    "report": _report_result,
}
