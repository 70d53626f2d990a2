"""What a kernel imports before its first cell is there."""

EARLY_IMPORTS = " ".join(
    (
        "ibis sqlglot numpy ibis.backends.duckdb mirrorbi.settings",
        "mirrorbi.data.model.semantic_model",
        "mirrorbi.analysis pyarrow.parquet mirrorbi.data.ingest.sources",
        "mirrorbi.data.ingest.parquet",
        "mirrorbi.data.model.model_file mirrorbi.data.model.draft mirrorbi.privacy.pii",
        "mirrorbi.facts.families.quality mirrorbi.privacy.disclosure_control mirrorbi.narrative",
    )
)
"""Modules that a notebook which imports MirrorBI is going to need, in this order: most of a
second."""
