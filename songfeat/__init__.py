"""Predict Spotify's audio features from sound and from numbers, and measure how close it comes."""

__version__ = "0.1.0"
