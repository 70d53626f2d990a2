"""Kernels: started, watched and ended."""
