"""Ratios, each measured in one run against something that a reader can run: ``make bench``."""
