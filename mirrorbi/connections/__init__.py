"""Connections to AWS: sessions and endpoints."""
