"""The map of the MFCC page: all songs that have arrays, those that sound alike near each other."""

import numpy as np
import streamlit as st

from pages.ui import cached, frame, places, song_list, sound_charts, words
from pages.ui.sound_parts import SPEC
from songfeat.labels import ALL_TARGETS
from songfeat.projection import available

_NAMES = {"pca": "PCA", "umap": "UMAP"}
_HOW = {
    "pca": "Along the two directions in which clips differ most.",
    "umap": "Neighbours stay neighbours; how far apart groups lie says little.",
}
_GENRE = "genre"


def show() -> None:
    """The map with its controls, and the songs that one clicks or draws a line around."""
    methods = available()
    method_place, colour_place, more_place = st.columns([2, 3, 4])
    method = methods[0]
    if len(methods) > 1:
        method = method_place.segmented_control(
            "Placed by", methods, default=methods[0], required=True, format_func=_NAMES.__getitem__, key="map_by"
        )
    else:
        method_place.caption("Placed by PCA. With `pip install umap-learn` also by UMAP.")
    sources = cached.sources()
    colour = colour_place.selectbox(
        "Colour by", [_GENRE, *(ALL_TARGETS if sources else ())], key="map_colour", bind="query-params"
    )
    found = cached.sound_map(SPEC, method)
    if found.songs.empty:
        st.info("There is no map yet: at least three songs need a clip and extracted arrays.")
        st.page_link(
            places.COLLECT, label="Extract arrays", icon=":material/graphic_eq:", query_params={"way": places.EXTRACT}
        )
        return
    chosen = shade = None
    if colour == _GENRE:
        groups = sorted(found.songs["genre_group"].dropna().unique())
        picked = more_place.multiselect(
            "Genres that stand out", groups, key="map_genres", bind="query-params", placeholder="all alike"
        )
        chosen = np.asarray(found.songs["genre_group"].isin(picked)) if picked else None
    else:
        source = more_place.selectbox(
            "Values of", sources, format_func=words.source, key="map_values_of", bind="query-params"
        )
        shade = (colour, cached.target_values(source)[colour].reindex(found.songs["track_id"]).to_numpy())
    st.caption(
        f"Each dot is a song, {words.count(len(found.songs), 'song')} in all, by the mean and the deviation of each"
        f" MFCC over its clip: near each other they sound alike. {_HOW[method]} Click one to hear it, or draw a line"
        " around several."
    )
    event = st.plotly_chart(
        sound_charts.sound_map(found.songs, frame.colours(), explained=found.explained, chosen=chosen, colour=shade),
        key=f"map-{method}-{len(found.songs)}",
        on_select="rerun",
        selection_mode=("points", "lasso", "box"),
        config={"displaylogo": False, "modeBarButtonsToRemove": ["autoScale2d", "toImage"]},
        alt="Songs by how they sound; those that are chosen are listed beneath",
    )
    rows = sorted({point["point_index"] for point in event["selection"]["points"]})
    with st.container(border=True):
        song_list.chosen(found.songs, rows, hint="Click a dot to hear its song.")
