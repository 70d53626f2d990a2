"""The MIME types under which displays carry what they show."""

from __future__ import annotations

MIRRORBI = "application/vnd.mirrorbi.v1+json"
"""What a display of ours says of itself, for the page of a report: facts, request, SQL."""

PLOTLY = "application/vnd.plotly.v1+json"
"""A figure, as Plotly's renderers take it: https://plotly.com/python/renderers/"""

WIDGET = "application/vnd.jupyter.widget-view+json"
"""A widget, which lives in a running notebook alone: https://ipywidgets.readthedocs.io"""
