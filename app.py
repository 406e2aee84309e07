"""The dashboard: ``streamlit run app.py``. Page configuration and navigation, nothing else."""

import streamlit as st

from pages.ui import frame

st.set_page_config(page_title="Songfeat", page_icon=frame.ICON, layout="wide")
page = st.navigation(frame.sections())
with frame.around_page():
    page.run()
