"""The statistics that families share."""
