"""The dashboard: ``streamlit run app.py``. Page configuration and navigation, nothing else."""

import streamlit as st

from pages.ui import navigation

# Before the navigation, which would ask another host for a page's symbol to stand in the browser's tab.
st.set_page_config(page_icon=navigation.ICON, layout="wide")
page = st.navigation(navigation.sections())
st.set_page_config(page_title=f"{page.title} · Songfeat")
navigation.run(page)
