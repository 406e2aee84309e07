"""Train a model, and watch it learn."""

import streamlit as st

from pages.ui import frame, job_panel, model_cards, training

frame.heading("Train", "Choose a model and whose values it learns; it trains on its own while you look elsewhere.")
entry = model_cards.choose()
left, right = st.columns([2, 3], gap="large")
with right:
    st.subheader("Learning curves", anchor=False)
    job_panel.follow(training.curves, kind="train", key="curves")
    st.subheader("Trainings", anchor=False)
    st.caption("One trains at a time, the others wait for their turn.")
    job_panel.panel(kind="train")
# Last, so that what cannot be trained hides nothing else.
with left:
    training.form(entry)
