"""Asking providers over the web: politely, within limits, and never twice for the same."""
