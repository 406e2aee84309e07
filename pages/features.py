"""Leads the first request of a fresh server to app.py; see pages/ui/entry.py."""

from pages.ui.entry import run_app

run_app()
