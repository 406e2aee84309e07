"""The dashboard: ``streamlit run app.py``. Page configuration and navigation, nothing else."""

import streamlit as st

from pages.ui import navigation

st.set_page_config(page_title="Songfeat", page_icon=navigation.ICON, layout="wide")
navigation.run(st.navigation(navigation.sections()))
