"""Spotify's interface for audio features, on this machine: for programs that were written against it.

Needs ``pip install 'songfeat[serve]'``.
"""
