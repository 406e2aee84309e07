"""Reference values of two sources beside each other, for the songs that both know."""

import streamlit as st

from pages.ui import cached, frame, pickers, places, source_charts, tables, words

FEW = 30

frame.heading(
    "Sources",
    "Whose values? Two sources may call different things by one name: here they stand side by side, for the songs"
    " that both know by title and artist.",
)
known = cached.sources()
if len(known) < 2:
    st.info("Values of two sources are needed to compare them.")
    st.page_link(places.COLLECT, label="Collect values of another source", icon=":material/library_add:")
    st.stop()

first_place, second_place, feature_place = st.columns([2, 2, 3])
first = pickers.one_of(first_place, "Source", known, parameter="first", shown=words.source)
others = [name for name in known if name != first]
second = pickers.one_of(second_place, "Compared with", others, parameter="second", shown=words.source)
songs, scores = cached.agreement_pairs(first, second), cached.agreement(first, second)
if scores.empty:
    st.info(f"No song has values of both {words.literal(first)} and {words.literal(second)}.")
    st.stop()

feature = pickers.one_of(feature_place, "Feature", list(scores["feature"].unique()), parameter="feature")
shown = tables.one_feature(songs, feature)
limits = scores[scores["feature"] == feature].set_index("metric")["value"].to_dict()
st.markdown(words.agreement_line(scores[scores["feature"] == feature], first, second))
if len(shown) < FEW:
    st.caption(f"Only {words.count(len(shown), 'song')}: take the numbers with care.")
left, right = st.columns(2, gap="large")
left.altair_chart(
    source_charts.against(shown, feature, (first, second), frame.colours()),
    alt=f"{feature} by {second} over {feature} by {first}; the last table says the same",
)
right.altair_chart(
    source_charts.differences(shown, feature, (first, second), limits, frame.colours()),
    alt=f"Differences in {feature} over the mean of both; the last table says the same",
)

st.subheader("All features", anchor=False)
st.caption(
    f"Differences are {words.literal(first)} less {words.literal(second)}; 95 % of the songs' differences lie between"
    " the limits. In brackets 95 % intervals, from drawing artists again and again."
)
st.dataframe(tables.agreement(scores), hide_index=True, alt="Agreement by feature")
st.subheader("The songs", anchor=False)
st.dataframe(
    tables.both_sides(songs, feature, words.source(first), words.source(second)),
    hide_index=True,
    column_config=frame.three_decimals([words.source(first), words.source(second), "difference"]),
    alt=f"Songs by {feature}",
)
