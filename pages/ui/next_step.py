"""The one thing that it makes sense to do next."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from pages.ui import places, words


@dataclass(frozen=True, kw_only=True)
class NextStep:
    """What to do, why, and on which page, with what stands in its address."""

    reason: str
    verb: str
    page: str
    address: dict[str, str] = field(default_factory=dict)


def next_step(counts: Mapping[str, int], *, clips_waiting: int, at_work: bool) -> NextStep | None:
    """What to do next, given what there is; nothing while jobs are still bringing it in."""
    if counts["runs"] and not (clips_waiting and not at_work):
        return NextStep(
            reason="See where the runs come close to the reference values, and where they do not.",
            verb="Compare runs",
            page=places.COMPARE,
        )
    if at_work:
        return None
    if not counts["tracks"]:
        return NextStep(
            reason="There are no songs yet. Import a table of songs, or scan a folder of audio files.",
            verb="Collect songs",
            page=places.COLLECT,
        )
    if clips_waiting:
        return NextStep(
            reason=f"{words.count(clips_waiting, 'clip')} can be heard but not yet learned from: extract arrays.",
            verb=places.EXTRACT,
            page=places.COLLECT,
            address={"way": places.EXTRACT},
        )
    if not counts["reference"]:
        return NextStep(
            reason="No song has reference values yet; a table with some makes training possible.",
            verb="Import reference values",
            page=places.COLLECT,
        )
    return NextStep(
        reason="There are songs with reference values: train a first model.", verb="Train a model", page=places.TRAIN
    )
