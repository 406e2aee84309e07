"""From DataFrames and arrays to heatmaps, with Plotly. Knows no Streamlit: colours come in as a palette."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from pages.ui.palette import Palette
from songfeat.labels import ALL_TARGETS
from songfeat.scores import Metric
from store.listening import Sound
from store.rebuilding import Attempt

SMALL = 30
"""Groups of fewer tracks are marked."""


def genre_scores(
    scores: pd.DataFrame,
    palette: Palette,
    *,
    metric: Metric,
    by: str | None = None,
    chosen: tuple[str, str] | None = None,
) -> go.Figure:
    """One metric by genre group and target, with half the width of its interval.

    Its last curve has a point in each cell, to click on, whose `customdata`
    begin with the genre and the target.

    Parameters
    ----------
    scores : pandas.DataFrame
        Columns genre, feature, value, low, high, n. Groups of fewer than
        :data:`SMALL` tracks have their number in brackets marked.
    palette : Palette
    metric : Metric
    by : str, optional
        The target by which the worst group stands first; otherwise the largest does.
    chosen : tuple of str, optional
        The genre and the target of the cell to mark.
    """
    targets = [name for name in ALL_TARGETS if name in set(scores["feature"])]
    cells = scores.assign(half=(scores["high"] - scores["low"]) / 2).pivot(index="genre", columns="feature")
    sign = 1 if metric.lower_is_better else -1
    key = cells["n"].max(axis=1) if by is None else sign * cells["value"][by]
    cells = cells.loc[key.sort_values(na_position="first").index]  # Plotly draws the last row at the top
    value, half = cells["value"][targets].to_numpy(), cells["half"][targets].to_numpy()
    heat = go.Heatmap(
        z=value,
        text=np.where(np.isnan(half), _formatted(value), _formatted(value, half)),
        colorscale=_scale(palette.magnitude),
        zmin=0,
        zmax=np.nanmax(value) if metric.lower_is_better else 1,  # without it Plotly passes over the other
        colorbar={"title": metric.label, "thickness": 12},
    )
    figure = _by_genre(heat, cells["n"].max(axis=1), targets, palette, hover="%{z:.3f}", chosen=chosen)
    return _clickable(figure, list(cells.index))


def genre_differences(table: pd.DataFrame, palette: Palette) -> go.Figure:
    """By how much one run's score is above another's, by genre group and target.

    `table` has the columns genre, feature, difference, n and better, ``""``
    where the interval holds 0.
    """
    targets = [name for name in ALL_TARGETS if name in set(table["feature"])]
    cells = table.pivot(index="genre", columns="feature", values=["difference", "n", "better"])
    cells = cells.loc[cells["n"].max(axis=1).astype(int).sort_values(kind="stable").index]
    value = cells["difference"][targets].to_numpy(float)
    sure = np.where((cells["better"][targets] != "").to_numpy(), " •", "")
    most = float(np.nanmax(np.abs(value))) or 1.0
    heat = go.Heatmap(
        z=value,
        text=np.char.add(np.char.mod("%+.3f", value), sure),
        colorscale=_scale(palette.difference),
        zmin=-most,
        zmax=most,
        colorbar={"title": "difference", "thickness": 12},
    )
    return _by_genre(heat, cells["n"].max(axis=1), targets, palette, hover="%{z:+.3f}")


def _by_genre(
    heat: go.Heatmap,
    sizes: pd.Series,
    targets: list[str],
    palette: Palette,
    *,
    hover: str,
    chosen: tuple[str, str] | None = None,
) -> go.Figure:
    """A table that is a picture: a row a genre with its number of songs, a column a target."""
    heat.update(
        y=[f"{genre} ({int(n):,}{', few' if n < SMALL else ''})" for genre, n in sizes.items()],
        x=targets,
        texttemplate="%{text}",
        hovertemplate="%{y}<br>%{x}: " + hover + "<extra></extra>",
        xgap=2,
        ygap=2,
    )
    figure = go.Figure(heat)
    figure.update_layout(height=90 + 32 * len(sizes), margin={"l": 10, "r": 10, "t": 30, "b": 10}, showlegend=False)
    figure.update_xaxes(side="top", showgrid=False)
    figure.update_yaxes(showgrid=False)
    if chosen and chosen[0] in sizes.index and chosen[1] in targets:
        across, up = targets.index(chosen[1]), list(sizes.index).index(chosen[0])
        figure.add_shape(
            type="rect", x0=across - 0.5, x1=across + 0.5, y0=up - 0.5, y1=up + 0.5,
            line={"color": palette.ink, "width": 2},
        )  # fmt: skip
    return figure


def _clickable(figure: go.Figure, genres: list[str]) -> go.Figure:
    """The same with a point in each cell: Plotly tells of clicks on points that are to be selected, not on cells."""
    heat = figure.data[0]
    cells = [
        (target, row, [genre, target, text])
        for genre, row, texts in zip(genres, heat.y, heat.text, strict=True)
        for target, text in zip(heat.x, texts, strict=True)
    ]
    across, up, told = zip(*cells, strict=True)
    unseen = {"marker": {"opacity": 0}}
    figure.add_scatter(
        x=across, y=up, customdata=told, mode="markers", marker={"size": 20, "opacity": 0}, selected=unseen,
        unselected=unseen, hovertemplate="%{y}<br>%{x}: %{customdata[2]}<extra></extra>",
    )  # fmt: skip
    # The whole cell is to be clicked on, not only its middle.
    return figure.update_layout(hovermode="closest", hoverdistance=-1).update_traces(
        hoverinfo="skip", hovertemplate=None, selector={"type": "heatmap"}
    )


def _formatted(value: np.ndarray, half: np.ndarray | None = None) -> np.ndarray:
    numbers = np.char.mod("%.2f", value)
    return numbers if half is None else np.char.add(numbers, np.char.mod(" ± %.2f", half))


def sound(sound: Sound, palette: Palette, *, relative: bool) -> go.Figure:
    """A clip's waveform, mel spectrogram and MFCCs above each other, on one time axis in seconds.

    Parameters
    ----------
    sound : Sound
    palette : Palette
    relative : bool
        Whether each coefficient is coloured by how far it is from its own
        mean, in standard deviations; else by its value.
    """
    figure = make_subplots(rows=3, cols=1, shared_xaxes=True, row_heights=[0.2, 0.4, 0.4], vertical_spacing=0.035)
    wave = sound.envelope
    line = {"color": palette.accent, "width": 1}
    for name, fill in (("low", None), ("high", "tonexty")):
        figure.add_scatter(
            x=wave["seconds"], y=wave[name], fill=fill, line=line, row=1, col=1, showlegend=False, hoverinfo="skip"
        )
    figure.add_heatmap(
        z=sound.levels,
        x=sound.frame_seconds,
        colorscale=_scale(palette.magnitude),
        colorbar={"title": "dB", "thickness": 12, "len": 0.4, "y": 0.59},
        hovertemplate="%{x:.2f} s<br>mel band %{y}: %{z:.1f} dB<extra></extra>",
        row=2,
        col=1,
    )
    figure.add_heatmap(
        z=sound.relative if relative else sound.coefficients,
        x=sound.frame_seconds,
        colorscale=_scale(palette.difference if relative else palette.magnitude),
        zmid=0 if relative else None,
        colorbar={"title": "deviations" if relative else "value", "thickness": 12, "len": 0.4, "y": 0.18},
        hovertemplate="%{x:.2f} s<br>coefficient %{y}: %{z:.2f}<extra></extra>",
        row=3,
        col=1,
    )
    figure.update_layout(height=560, margin={"l": 10, "r": 10, "t": 10, "b": 10})
    figure.update_yaxes(title_text="amplitude", range=[-1, 1], row=1, col=1)
    figure.update_yaxes(title_text="mel band", showgrid=False, row=2, col=1)
    figure.update_yaxes(title_text="MFCC", dtick=5, showgrid=False, row=3, col=1)
    figure.update_xaxes(title_text="time (seconds)", showgrid=False, row=3, col=1)
    return figure


def kept(attempt: Attempt, palette: Palette) -> go.Figure:
    """A mel spectrogram above what its MFCCs keep of it, on one time axis and one scale of decibels."""
    figure = make_subplots(
        rows=2,
        cols=1,
        shared_xaxes=True,
        shared_yaxes=True,
        vertical_spacing=0.1,
        subplot_titles=("mel spectrogram", f"the same from {attempt.shape[0]} coefficients"),
    )
    for row, levels in enumerate((attempt.levels, attempt.rebuilt), start=1):
        figure.add_heatmap(
            z=levels,
            x=attempt.seconds,
            y=attempt.bands,
            coloraxis="coloraxis",
            hovertemplate="%{x:.2f} s<br>mel band %{y:.0f}: %{z:.1f} dB<extra></extra>",
            row=row,
            col=1,
        )
    figure.update_layout(
        height=460,
        margin={"l": 10, "r": 10, "t": 30, "b": 10},
        coloraxis={
            "colorscale": _scale(palette.magnitude),
            "cmin": float(attempt.levels.min()),
            "cmax": float(attempt.levels.max()),
            "colorbar": {"title": "dB", "thickness": 12},
        },
    )
    figure.update_yaxes(title_text="mel band", showgrid=False)
    figure.update_xaxes(title_text="time (seconds)", showgrid=False, row=2, col=1)
    return figure


def _scale(colours: tuple[str, str, str]) -> list[tuple[float, str]]:
    return list(zip((0.0, 0.5, 1.0), colours, strict=True))
